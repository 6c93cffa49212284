/** 更正: a form I sent, as it was filled in, with the reason first. Single answers go as one operation, with what I saw in
    their place: what somebody else corrected meanwhile is never overwritten. */
import { html, nothing } from "lit";
import { begin, survey } from "../../forms/answers";
import { changesOf, type Changes, loseSealed, seenAt, withChanges, withoutSealed } from "../../forms/changes";
import type { Answers, Definition } from "../../forms/types";
import type { App } from "../app";
import { draftFiles } from "../media";
import { allSent, correctionsOf, knownAnswers, type Sent, withWaiting } from "../own";
import { type Screen, type View, ask, empty, icon, keptWords, link, notice, opening, press } from "../parts";
import { building } from "../sync-core";
import type { Draft } from "../types";
import { said, t } from "../words";
import { usedFiles } from "./form";

const PATIENCE_MS = 5000;
const LEAST = 2;

interface Fetched {
  corrections: number;
  answers: Answers;
  hidden: string[];
  pictures: Record<string, string>;
  definition: Definition;
  ended_at: string;
}

/** What is corrected: the form, its answers before, and whether some lie sealed on the server alone. */
interface Ground {
  definition: Definition;
  before: Answers;
  sealed: number;
  corrections: number;
  pictures: Record<string, string>;
  now: string;
}

interface FormElement extends HTMLElement {
  flush?(): void;
}

export function correctScreen(app: App, id: string, asked: URLSearchParams): Screen {
  const draftId = `correct:${id}`;
  const kept = app.drafts.find((one) => one.id === draftId);
  const made = correctionsOf(app.rows, id);
  const mended = made.find((one) => one.id === asked.get("mends")) ?? made.find((one) => one.state === "refused");
  const draft: Draft = kept ?? { id: draftId, kind: "correct", title: "", at: "", body: { submission: id, reason: mended?.body.reason ?? "", ...(mended ? { changes: mended.body.changes, mends: mended.id } : {}) }, files: mended?.files ?? [] };
  let ground: Ground | null = (draft.body.ground as Ground | undefined) ?? null;
  let given: Answers = (draft.body.answers as Answers | undefined) ?? {};
  let missing = false;
  let over = false;
  let dirty = false;
  let busy = false;
  let timer = 0;
  let fault = "";
  let loaded = Boolean(customElements.get("hy-form"));
  if (!loaded) void import("../../forms/form").then(() => { loaded = true; app.draw(); }, () => { missing = true; app.draw(); });
  if (!ground) void lay();

  /** Where nothing is known here the server is asked; where something is, it is not waited for long. */
  async function lay(): Promise<void> {
    const one = await found();
    const known = one && definitionOf(one) ? knownAnswers(app.rows, id, one.corrections) : null;
    const fetched = await fetchNow(known !== null);
    if (known && one && (!fetched || fetched.corrections <= one.corrections)) ground = { definition: definitionOf(one) as Definition, before: known, sealed: 0, corrections: one.corrections, pictures: fetched?.pictures ?? {}, now: one.at };
    else if (fetched) ground = { definition: withoutSealed(fetched.definition, fetched.hidden), before: withWaiting(fetched.answers, app.rows, id), sealed: fetched.hidden.length, corrections: fetched.corrections, pictures: fetched.pictures, now: fetched.ended_at };
    missing = !ground;
    if (ground) {
      const { definition, before, now } = ground;
      ground.before = survey(definition, begin(definition.items, before), { now }).answers;
      const meant = (draft.body.changes ?? {}) as Changes;
      const lost = new Set(loseSealed(definition, meant));
      given = withChanges(ground.before, Object.fromEntries(Object.entries(meant).filter(([path]) => !lost.has(path))));
      Object.assign(draft.body, { ground, answers: given });
    }
    app.draw();
  }

  async function found(): Promise<Sent | null> {
    await Promise.all([app.book.load("filled"), app.book.load("form")]);
    return allSent(app.all("filled") ?? [], app.rows).find((each) => each.id === id) ?? null;
  }

  /** The form in the version it was filled in with, where this phone still holds it. */
  function definitionOf(one: Sent): Definition | null {
    const held = app.all("form")?.find((each) => each.id === one.form);
    const definition = (held?.b.definition ?? held?.b) as unknown as Definition | undefined;
    return definition && String(definition.version) === one.version ? definition : null;
  }

  async function fetchNow(hurried: boolean): Promise<Fetched | null> {
    if (app.offline) return null;
    const answer = app.api.get<Fetched>(`/filled/${id}`).catch(() => null);
    return hurried ? Promise.race([answer, new Promise<null>((end) => setTimeout(() => end(null), PATIENCE_MS))]) : answer;
  }

  const files = draftFiles({ addFile: (blob) => app.addFile(blob), fileUrl: async (file) => (await app.fileUrl(file)) || (app.offline ? "" : (ground?.pictures[file] ?? "")) }, draft, () => keep(true));

  async function keep(must = false): Promise<void> {
    clearTimeout(timer);
    timer = 0;
    (document.querySelector("hy-form") as FormElement | null)?.flush?.();
    if (over || !ground || (!dirty && !must)) return;
    dirty = false;
    draft.at = new Date().toISOString();
    await app.keepDraft(draft);
  }

  function touch(): void {
    dirty = true;
    if (!timer) timer = window.setTimeout(() => void keep(), 400);
  }

  function changed(event: CustomEvent<{ answers: Answers }>): void {
    if (!event.detail?.answers || over) return;
    event.stopPropagation();
    draft.body.answers = event.detail.answers;
    touch();
  }

  async function finish(answers: Answers): Promise<void> {
    if (busy || !ground) return;
    const reason = String(draft.body.reason ?? "").trim();
    const changes = changesOf(ground.definition, ground.before, answers);
    fault = reason.length < LEAST ? t("请写明为什么更正。") : !Object.keys(changes).length ? t("还没有改动任何一题。") : loseSealed(ground.definition, changes).length ? t("这几行里有不在手机上的个人信息，行数请到电脑上增减。") : "";
    app.draw();
    if (fault) return void document.getElementById("reason")?.focus();
    busy = true;
    clearTimeout(timer);
    over = true;
    try {
      await send(changes, reason);
    } catch (problem) {
      over = false;
      throw problem;
    } finally {
      busy = false;
    }
    app.say(() => keptWords(app));
    location.hash = `#/sent/${id}`;
  }

  async function send(changes: Changes, reason: string): Promise<void> {
    const before = (ground as Ground).before;
    const seen = Object.fromEntries(Object.keys(changes).map((path) => [path, seenAt(before, path)]));
    const mends = String(draft.body.mends ?? "");
    const rows = app.rows.filter((one) => one.id !== mends);
    const { base, branch, after } = building(rows, id, (ground as Ground).corrections, "amendment");
    const form = rows.find((one) => one.id === id && (one.state === "ready" || one.state === "waiting"));
    await app.send(
      { kind: "amendment", subject: id, base, branch: branch ?? crypto.randomUUID(), after: form ? [...after, id] : after, title: t("更正：{title}", { title: draft.title }), body: { submission: id, changes, seen, reason }, files: usedFiles(draft.files, changes) },
      { draft: draftId, ...(mends ? { operation: mends } : {}) },
    );
  }

  async function discard(): Promise<void> {
    if (!(await ask(t("不更正了？"), t("改了还没送出的会删掉，已经交的表不变。"), t("不更正了")))) return;
    clearTimeout(timer);
    over = true;
    await app.dropDraft({ ...draft, files: draft.files.filter((file) => !mended?.files.includes(file)) });
    location.hash = `#/sent/${id}`;
  }

  /** What is honest to say before anything is changed. */
  function told(one: Ground): View {
    const waits = correctionsOf(app.rows, id).some((each) => each.state === "ready" || each.state === "waiting");
    return html`${app.offline ? notice("info", t("现在没有网络"), t("更正先存在手机上，有网络时送出。如果别人这段时间改了同一题，两个值都留着，由负责人定。")) : nothing}
      ${waits ? notice("info", t("前一次更正还没送到"), t("这里是更正以后的样子，会按先后送出。")) : nothing}
      ${one.sealed ? notice("info", t("有 {n} 题是个人信息，不在这里显示", { n: one.sealed }), t("它们保持不变。要改请到电脑上更正。")) : nothing}`;
  }

  const reasonField = (): View => html`<div class="field ${fault ? "field--error" : ""}"><label class="field__label" for="reason">${t("为什么更正")}</label>
    <textarea id="reason" rows="2" maxlength="500" placeholder=${t("如：当时看错了楼层")} aria-invalid=${fault ? "true" : nothing} .value=${String(draft.body.reason ?? "")} @input=${(event: Event) => { draft.body.reason = (event.target as HTMLTextAreaElement).value; touch(); }}></textarea>
    ${fault ? html`<p class="field__error" role="alert">${icon("error", "icon--small")}<span>${fault}</span></p>` : nothing}</div>`;

  return {
    title: t("更正"),
    back: `#/sent/${id}`,
    keep: () => keep(),
    leave: () => clearTimeout(timer),
    view() {
      if (missing) return empty("wifi-off", t("要连上网络才能更正这一份"), t("手机上没有它现在的内容。连上网络再打开就可以。"), link(`#/sent/${id}`, t("返回")));
      if (!ground || !loaded) return opening();
      const here = ground;
      if (!draft.title) draft.title = said(here.definition.title);
      return html`<div class="stack">
        ${told(here)}${reasonField()}
        <hy-form .definition=${here.definition} .answers=${given} .language=${app.language} .words=${app.page.forms[app.language] ?? {}} .files=${files} .now=${here.now} @change=${changed} @finish=${(event: CustomEvent<{ answers: Answers }>) => finish(event.detail.answers)}></hy-form>
        ${press(t("不更正了"), discard, "quiet")}
      </div>`;
    },
  };
}
