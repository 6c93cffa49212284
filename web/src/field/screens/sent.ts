/** 我的记录: forms I sent and how they stand, what my work was judged; one of my forms. */
import { html, nothing } from "lit";
import type { App } from "../app";
import { type Judged, allJudged, allSent, correctionsOf, isAsked, isGood, type Sent } from "../own";
import { type Screen, type View, empty, facts, icon, link, notice, opening, press, row, section } from "../parts";
import { maskName, nameOf } from "../shapes";
import { said, t, whenWords } from "../words";
import { operationLine } from "./outbox";

const SHOWN = 15;

/** What a form is about, as far as the phone knows it. */
function aboutWords(app: App, { subject }: Sent): string {
  const found = subject && app.one(subject.kind, subject.uid);
  if (!found) return "";
  return found.k === "person" ? maskName(nameOf(found)) : nameOf(found);
}

/** How one stands, in a few words. */
export function standWords(app: App, one: Sent): string {
  const mine = correctionsOf(app.rows, one.id);
  if (one.row && one.row.state !== "applied") return t("待送");
  if (mine.some((each) => each.state === "ready" || each.state === "waiting")) return t("更正待送");
  if (mine.some((each) => each.state === "refused")) return t("更正没有被收下");
  if (one.dispute?.state === "open") return t("更正等人定");
  if (one.corrections) return t("更正过 {n} 次", { n: one.corrections });
  return one.findings.length ? t("{n} 处不合格", { n: one.findings.length }) : t("已送到");
}

export function sentLine(app: App, one: Sent): View {
  const sign = one.row && one.row.state !== "applied" ? "send" : one.findings.length ? "flag" : "document";
  const trouble = correctionsOf(app.rows, one.id).some((each) => each.state === "refused") || one.dispute?.state === "open";
  return row(`#/sent/${one.id}`, sign, [said(one.title), aboutWords(app, one)].filter(Boolean).join(" · "), `${whenWords(one.at)} · ${standWords(app, one)}`, trouble ? icon("warning", "line__warn") : nothing);
}

export function judgedLine(one: Judged): View {
  const told = one.row ? t("已说明，等着送出") : one.answer ? t("您说明过") : one.mayAnswer ? t("可以说明") : "";
  return row(`#/judged/${one.key}`, isGood(one) ? "check-circle" : "eye", one.title, [said(one.said), one.by, told].filter(Boolean).join(" · "), isAsked(one) ? icon("warning", "line__warn") : nothing);
}

export function recordsScreen(app: App): Screen {
  let shown = SHOWN;
  return {
    title: t("我的记录"),
    back: "#/mine",
    view() {
      const [forms, verdicts] = [app.all("filled"), app.all("judged")];
      if (!forms || !verdicts) return opening();
      const [sent, judged] = [allSent(forms, app.rows), allJudged(verdicts, app.rows)];
      if (!sent.length && !judged.length) return empty("document", t("还没有记录"), t("交过的表、别人对您工作的核实，都在这里。"));
      const [asked, rest] = [judged.filter(isAsked), judged.filter((one) => !isAsked(one))];
      return html`<div class="stack">
        ${asked.length ? section(t("请您看看"), html`<p class="muted small field-app__pad">${t("核实的人觉得有出入。有什么情况请写明，他会再看。")}</p><div class="lines">${asked.map(judgedLine)}</div>`) : nothing}
        ${sent.length ? section(t("我交的表"), html`<div class="lines">${sent.slice(0, shown).map((one) => sentLine(app, one))}</div>${sent.length > shown ? press(t("再看 {n} 件", { n: sent.length - shown }), () => { shown += SHOWN; app.draw(); }, "secondary", { wide: true }) : nothing}`) : nothing}
        ${rest.length ? section(t("对我工作的核实"), html`<div class="lines">${rest.map(judgedLine)}</div>`) : nothing}
        <p class="muted small">${t("手机上留最近 50 份；更早的在电脑上看。")}</p>
      </div>`;
    },
  };
}

export function sentScreen(app: App, id: string): Screen {
  const last = (one: Sent): View =>
    one.last
      ? notice("info", one.last.mine ? t("您更正过") : t("{name}更正过", { name: one.last.by }), html`<p>${one.last.reason}</p><p class="muted small">${whenWords(one.last.at)}</p>`)
      : nothing;

  function dispute(one: Sent): View {
    if (!one.dispute || one.dispute.state === "withdrawn") return nothing;
    const words = one.dispute.words ? html`<p>${one.dispute.words}</p>` : nothing;
    if (one.dispute.state === "open") return notice("warn", t("您的更正和别人的不一样"), t("两个值都留着，等负责人定。"));
    return one.dispute.state === "taken" ? notice("ok", t("采用了您的更正"), words) : notice("info", t("没有采用您的更正"), words);
  }

  /** Until when I may, or who else can. */
  function correcting(one: Sent): View {
    const over = one.until !== "" && Date.parse(one.until) < app.now().getTime();
    if (over) return notice("info", t("已过了自己更正的时间"), t("有填错的，请告诉网格长或督办员，由他们更正。"));
    return html`${link(`#/correct/${one.id}`, t("填错了，更正"), one.dispute?.state === "open" ? "secondary" : "primary", "edit")}<p class="muted small">${one.until ? t("{when} 以前可以自己更正，没有网络也可以。原来填的都留着。", { when: whenWords(one.until) }) : t("没有网络也可以更正，会排在这份表后面一起送出。")}</p>`;
  }

  const findings = (one: Sent): View =>
    one.findings.length
      ? section(t("发现的问题"), html`<div class="field-app__pad"><ul class="found">${one.findings.map((each) => html`<li><p class="split"><span>${each.label}</span><span class="badge badge--outline">${said(each.state)}</span></p>${each.number ? html`<p class="muted small">${t("事件 {number}", { number: each.number })}</p>` : nothing}</li>`)}</ul></div>`)
      : nothing;

  return {
    title: t("我交的表"),
    back: "#/mine/record",
    view() {
      const held = app.all("filled");
      if (!held) return opening();
      const one = allSent(held, app.rows).find((each) => each.id === id);
      if (!one) return empty("search", t("这里没有这一份"), t("手机上留最近 50 份；更早的在电脑上看。"), link("#/mine/record", t("回到我的记录")));
      const mine = correctionsOf(app.rows, id);
      return html`<div class="stack">
        <div class="card stack stack--tight"><p class="cluster"><span class="badge badge--brand">${standWords(app, one)}</span></p>
          <h2 class="task-title">${said(one.title)}</h2>
          ${facts([[t("对象"), aboutWords(app, one)], [t("时间"), whenWords(one.at)]])}
        </div>
        ${dispute(one)}${last(one)}${findings(one)}
        <div class="stack stack--tight">${correcting(one)}</div>
        ${mine.length ? section(t("我的更正"), html`<div class="lines">${mine.reverse().map((each) => operationLine(app, each))}</div>`) : nothing}
      </div>`;
    },
  };
}
