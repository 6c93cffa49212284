/** What waits, what was not taken and why, and what can be done about it. */
import { html, nothing } from "lit";
import { NoAnswer } from "../api";
import type { App } from "../app";
import { formAgain } from "../filling";
import { type Screen, type View, ask, empty, facts, icon, link, notice, photoWords, press, row, section } from "../parts";
import { disputeWords } from "../own";
import { fieldsOf, nameOf } from "../shapes";
import type { Draft, Row } from "../types";
import { said, t, whenWords } from "../words";
import { valueWords } from "./record";

const KIND_SIGNS: Record<string, string> = { report: "megaphone", submission: "document", record: "edit", check_in: "pin", skip: "forward", duty: "clock", look: "eye", position: "pin", give_way: "check", amendment: "edit", answer: "chat" };

export const operationKind = (kind: string): string =>
  ({ report: t("报告"), submission: t("表格"), record: t("登记变动"), check_in: t("签到"), skip: t("跳过"), duty: t("上下岗"), look: t("查看记录"), position: t("巡查路线"), give_way: t("采用现在登记的"), amendment: t("更正"), answer: t("说明") })[kind] ?? kind;

export const stateWords = (operation: Row): string =>
  ({ ready: t("待送"), waiting: t("已送到，等前面的"), applied: t("已送到"), conflict: t("两边不一样"), refused: t("没有被收下") })[operation.state];

export function operationLine(app: App, operation: Row): View {
  const photos = operation.state === "ready" ? photoWords(operation.files, app.uploads) : "";
  const trouble = operation.state === "refused" || operation.state === "conflict";
  return row(`#/outbox/${operation.id}`, KIND_SIGNS[operation.kind] ?? "send", operation.title || operationKind(operation.kind), html`${whenWords(operation.at)} · ${stateWords(operation)}${photos ? ` · ${photos}` : ""}`, trouble ? icon("warning", "line__warn") : nothing);
}

export function outboxScreen(app: App): Screen {
  return {
    title: t("同步"),
    back: "#/mine",
    view() {
      const { health } = app.sync;
      const waiting = app.unsent.filter((one) => one.kind !== "position");
      const routes = app.unsent.length - waiting.length;
      const last = health.last ? whenWords(new Date(health.last).toISOString()) : t("还没有");
      return html`<div class="stack">
        <div class="card stack stack--tight">
          ${facts([[t("上次同步"), last], [t("网络"), app.offline ? t("现在没有网络，内容都存在手机上") : health.running ? t("正在同步…") : health.fault === "server" ? t("服务器暂时没有回应，会自动再试") : t("正常")], [t("待送"), String(waiting.length)], [t("要看看的"), String(app.troubled.length)], ...(routes ? [[t("巡查路线"), t("{n} 段待送", { n: routes })] as [string, string]] : [])])}
          ${press(t("现在同步"), app.sync.poke, "secondary", { icon: "refresh", disabled: health.running, busy: health.running })}
        </div>
        ${app.troubled.length ? section(t("要看看的"), html`<div class="lines">${app.troubled.map((one) => operationLine(app, one))}</div>`) : nothing}
        ${waiting.length ? section(t("待送"), html`<div class="lines">${waiting.slice(0, 200).map((one) => operationLine(app, one))}</div>`) : app.troubled.length ? nothing : empty("check-circle", t("都送到了"), t("没有等着的内容。"))}
        ${app.drafts.length ? section(t("草稿"), html`<div class="lines">${app.drafts.map((one) => row(draftAddress(one), "edit", one.title || t("没写完的"), whenWords(one.at)))}</div>`) : nothing}
      </div>`;
    },
  };
}

export function draftAddress({ id, kind, body }: Draft): string {
  if (kind === "report") return id === "report" ? "#/report" : id.startsWith("report:") ? `#/report?task=${id.slice(7)}` : `#/report?draft=${id}&mends=${id}${body.task ? `&task=${String(body.task)}` : ""}`;
  if (kind === "answer") return `#/judged/${String(body.key)}`;
  if (kind === "correct") return `#/correct/${String(body.submission)}`;
  if (kind === "change") return `#/change/${String(body.kind)}/${String(body.id)}${body.asked ? `?${String(body.asked)}` : ""}`;
  const subject = body.subject as { kind: string; uid: string } | null;
  return `#/form/${String(body.form)}?${new URLSearchParams({ ...(body.task ? { task: String(body.task) } : {}), ...(subject ? subject : {}), ...(body.mends ? { draft: id, mends: String(body.mends) } : {}) })}`;
}

/** The record a report was written from, with its name, to be mended. */
function aboutOf(app: App, body: Row["body"]): { kind: string; uid: string; name: string } | null {
  const about = body.about as { kind: string; uid: string } | undefined;
  const found = about && app.one(about.kind, about.uid);
  return found ? { ...about, name: nameOf(found) } : null;
}

export function operationScreen(app: App, id: string): Screen {
  let busy = false;

  async function remove(operation: Row): Promise<void> {
    if (!(await ask(t("不要这一件了？"), operation.files.length ? t("内容和照片都会删掉，不能找回。") : t("这一件会删掉，不能找回。"), t("删掉")))) return;
    busy = true;
    app.draw();
    try {
      await app.remove(operation);
      location.hash = "#/outbox";
    } catch (problem) {
      app.say(problem instanceof NoAnswer ? t("这一件服务器已经知道，要连上网络才能删。") : t("没有成功，请再试一次。"));
    } finally {
      busy = false;
      app.draw();
    }
  }

  /** Open it again as a draft; the old one goes when the new one is ready. */
  async function mend(operation: Row): Promise<void> {
    const { body, files } = operation;
    if (operation.kind === "record") {
      const known = app.one(String(body.kind), operation.subject ?? "");
      const born = !known || known.v === 0;
      location.hash = `#/change/${String(body.kind)}/${born ? "new" : operation.subject}?mends=${operation.id}`;
      return;
    }
    if (operation.kind === "amendment" || operation.kind === "answer") {
      const where = operation.kind === "answer" ? `judged/${String(body.about)}-${String(body.id)}` : `correct/${String(body.submission)}`;
      location.hash = `#/${where}?mends=${operation.id}`;
      return;
    }
    const photos = (body.photos ?? []) as string[];
    const written = operation.kind === "report" ? { ...body, photos, about: aboutOf(app, body), point: typeof body.lon === "number" ? { lon: body.lon, lat: body.lat, accuracy: body.accuracy } : null } : formAgain(operation);
    const draft: Draft = { id: operation.id, kind: operation.kind === "report" ? "report" : "form", title: operation.title, at: new Date().toISOString(), files, body: written };
    await app.keepDraft(draft);
    await app.read();
    location.hash = draftAddress(draft);
  }

  /** The other value stands: whoever would have decided has nothing to decide any more. */
  async function keepTheirs(operation: Row): Promise<void> {
    const { proposal, dispute } = operation.answer?.made ?? {};
    if (typeof dispute === "number") await app.send({ kind: "give_way", title: t("采用现在登记的"), body: { dispute } }, { operation: operation.id });
    else if (typeof proposal === "number") await app.send({ kind: "give_way", title: t("采用现在登记的"), body: { proposal } }, { operation: operation.id });
    else await letBe(operation);
    app.say(operation.kind === "amendment" ? t("好，就按别人改的。") : t("好，就按现在登记的。"));
    location.hash = "#/outbox";
  }

  /** Mine lies with the person who decides since it arrived; here it needs no more looking at. */
  async function sendMine(operation: Row): Promise<void> {
    await letBe(operation);
    app.say(operation.kind === "amendment" ? t("您的更正已交给负责人，由他们来定。") : t("您填的已交给信息管理员或网格长，由他们来定。"));
    location.hash = "#/outbox";
  }

  async function letBe(operation: Row): Promise<void> {
    await app.store.setRows([], [operation.id], operation.files);
    await app.read();
  }

  /** A correction whose answers somebody else gave another value: the form's page on the desk shows both. */
  const disputed = (operation: Row): View => html`${notice("warn", t("别人也更正了同一题"), disputeWords(operation))}<div class="lines">${row(`#/sent/${String(operation.body.submission)}`, "document", t("看看这份表"))}</div>`;

  /** Both values side by side: mine from what was sent, theirs from the record as it is now. */
  function conflict(operation: Row): View {
    const kind = String(operation.body.kind ?? "");
    const lists = fieldsOf(app.one("fields", kind)?.b ?? {});
    const mine = (operation.body.changes ?? {}) as Record<string, unknown>;
    const now = app.one(kind, operation.subject ?? "")?.b ?? {};
    const disputed = Object.keys(operation.answer?.fields ?? {}).filter((name) => name in mine);
    const value = (name: string, of: unknown): string => {
      const spec = lists.find((one) => one.name === name);
      return (spec ? valueWords(spec, of, app) : String(of ?? "")) || t("空");
    };
    return html`${notice("warn", t("别人也改了这里"), t("两个值都留着。您看哪个对？"))}
      ${disputed.length ? section(t("不一样的地方"), html`<div class="both">${disputed.map((name) => html`<div><h3>${said(lists.find((one) => one.name === name)?.label ?? name)}</h3>${facts([[t("您填的"), value(name, mine[name])], [t("现在登记的"), name in now ? value(name, now[name]) : t("手机上没有")]])}</div>`)}</div>`) : nothing}`;
  }

  return {
    title: t("这一件"),
    back: "#/outbox",
    view() {
      const operation = app.rows.find((one) => one.id === id);
      if (!operation) return empty("check-circle", t("这一件已经不在了"), t("已经送到，或已删掉。"), link("#/outbox", t("回到同步")));
      const mendable = operation.kind === "record" || ["report", "submission", "amendment", "answer"].includes(operation.kind);
      const body = operation.body;
      const changes = Object.entries((operation.kind === "record" ? (body.changes ?? {}) : {}) as Record<string, unknown>);
      const lists = fieldsOf(app.one("fields", String(body.kind ?? ""))?.b ?? {});
      const told = changes.map(([name, value]): [string, string] => [said(lists.find((one) => one.name === name)?.label ?? name), (() => { const spec = lists.find((one) => one.name === name); return (spec ? valueWords(spec, value, app) : String(value ?? "")) || t("空"); })()]);
      return html`<div class="stack">
        <div class="card stack stack--tight"><p class="cluster"><span class="badge">${operationKind(operation.kind)}</span><span class="badge badge--outline">${stateWords(operation)}</span></p>
          <h2>${operation.title || operationKind(operation.kind)}</h2>
          ${facts([[t("时间"), whenWords(operation.at)], [t("内容"), String(body.text ?? body.why ?? body.reason ?? "")], [t("地点"), String(body.place ?? "")], [t("照片"), operation.files.length ? String(operation.files.length) : ""], ...told])}
        </div>
        ${operation.state === "conflict" ? (operation.kind === "amendment" ? disputed(operation) : conflict(operation)) : nothing}
        ${operation.state === "refused" ? notice("warn", t("没有被收下"), operation.answer?.message || t("请看看哪里要改。")) : nothing}
        ${operation.state === "refused" && operation.answer?.fields ? html`<ul class="bullets">${Object.values(operation.answer.fields).map((words) => html`<li>${said(words)}</li>`)}</ul>` : nothing}
        ${operation.state === "applied" && operation.answer?.message ? notice("ok", t("已送到"), operation.answer.message) : nothing}
        ${operation.state === "waiting" ? notice("info", t("已送到，等前面的"), operation.answer?.message || t("它要用到的照片或前一件到齐后，会自动办好。")) : nothing}
        ${operation.state === "ready" ? notice("info", t("待送"), photoWords(operation.files, app.uploads) || t("有网络时自动送出。")) : nothing}
        <div class="pair">
          ${operation.state === "refused" && mendable ? press(t("改一改再送"), () => mend(operation), "primary", { icon: "edit" }) : nothing}
          ${operation.state === "conflict" ? html`${press(operation.kind === "amendment" ? t("别人改的对") : t("现在登记的对"), () => keepTheirs(operation), "secondary", { icon: "check" })}${press(operation.kind === "amendment" ? t("我改的对，请人来定") : t("我填的对，请人来定"), () => sendMine(operation), "primary", { icon: "send" })}` : nothing}
          ${operation.state === "applied" || operation.state === "conflict" ? nothing : press(t("删掉"), () => remove(operation), "danger", { icon: "trash", busy })}
        </div>
      </div>`;
    },
  };
}
