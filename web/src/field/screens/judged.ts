/** One verdict about my work: who gave it, why, and what I say to it. */
import { html, nothing } from "lit";
import type { App } from "../app";
import { allJudged, isGood, type Judged } from "../own";
import { type Screen, type View, empty, facts, icon, keptWords, link, notice, opening, row } from "../parts";
import type { Row } from "../types";
import { said, t, whenWords } from "../words";

const LEAST = 2;
const MOST = 500;

export function judgedScreen(app: App, key: string, asked: URLSearchParams): Screen {
  const own = (one: Row): boolean => one.kind === "answer" && `${String(one.body.about)}-${String(one.body.id)}` === key;
  const mends = app.rows.find((one) => one.id === asked.get("mends") && own(one)) ?? app.rows.find((one) => one.state === "refused" && own(one));
  const draftId = `answer:${key}`;
  let words = String(app.drafts.find((one) => one.id === draftId)?.body.text ?? mends?.body.text ?? "");
  let title = "";
  let fault = "";
  let dirty = false;
  let timer = 0;

  async function keep(): Promise<void> {
    clearTimeout(timer);
    timer = 0;
    if (!dirty) return;
    dirty = false;
    await app.keepDraft({ id: draftId, kind: "answer", title: t("说明：{title}", { title }), at: new Date().toISOString(), body: { key, text: words }, files: [] });
  }

  function touch(event: Event): void {
    words = (event.target as HTMLTextAreaElement).value;
    dirty = true;
    if (!timer) timer = window.setTimeout(() => void keep(), 400);
  }

  async function send(event: Event, one: Judged): Promise<void> {
    event.preventDefault();
    fault = words.trim().length < LEAST ? t("请写明是什么情况。") : "";
    if (fault) return app.draw();
    clearTimeout(timer);
    dirty = false;
    const body = { about: one.about, id: one.id, text: words.trim(), judged_at: one.judgedAt };
    await app.send({ kind: "answer", title: t("说明：{title}", { title: one.title }), body }, { draft: draftId, ...(mends ? { operation: mends.id } : {}) });
    words = "";
    app.say(() => keptWords(app));
  }

  const form = (one: Judged): View => html`<form class="panel stack field-app__pad" novalidate @submit=${(event: Event) => send(event, one)}>
    <div class="field ${fault ? "field--error" : ""}"><label class="field__label" for="answer">${t("我的说明")}</label>
      <span class="field__hint">${t("写明当时的情况，核实的人会再看一次。只能说明一次。")}</span>
      <textarea id="answer" rows="4" maxlength=${MOST} aria-invalid=${fault ? "true" : nothing} .value=${words} @input=${touch}></textarea>
      ${fault ? html`<p class="field__error" role="alert">${icon("error", "icon--small")}<span>${fault}</span></p>` : nothing}</div>
    <button class="btn btn--primary btn--wide btn--large">${icon("send")}<span>${t("交给核实的人")}</span></button>
  </form>`;

  const answered = (one: Judged): View =>
    one.row
      ? html`${notice("info", one.row.state === "applied" ? t("您的说明已送到") : t("您的说明等着送出"), one.answer)}<div class="lines">${row(`#/outbox/${one.row.id}`, "send", t("看看这一件"), whenWords(one.row.at))}</div>`
      : one.answer
        ? notice("ok", t("您说明过"), one.answer)
        : nothing;

  return {
    title: t("对我工作的核实"),
    back: "#/mine/record",
    keep,
    leave: () => clearTimeout(timer),
    view() {
      const held = app.all("judged");
      if (!held) return opening();
      const one = allJudged(held, app.rows).find((each) => each.key === key);
      if (!one) return empty("search", t("这里没有这一条"), t("更早的核实在电脑上看。"), link("#/mine/record", t("回到我的记录")));
      title = one.title;
      return html`<div class="stack">
        <div class="card stack stack--tight"><p class="cluster"><span class="badge ${isGood(one) ? "badge--brand" : "badge--outline"}">${said(one.said)}</span></p>
          <h2 class="task-title">${one.title}</h2>
          ${facts([[t("做的时间"), whenWords(one.at)], [t("核实的人"), one.by], [t("核实时间"), whenWords(one.judgedAt)], [t("理由"), one.words]])}
        </div>
        ${answered(one)}${one.mayAnswer ? form(one) : nothing}
      </div>`;
    },
  };
}
