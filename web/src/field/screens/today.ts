/** 今天: what is mine, near me, late. */
import { html, nothing } from "lit";
import type { App } from "../app";
import { farWords, metres, nearestFirst } from "../geo";
import { type Screen, type View, empty, icon, light, opening, press } from "../parts";
import { findPoint } from "../position";
import { type Task, lateness, taskOf } from "../shapes";
import { t, whenWords } from "../words";
import { operationLine } from "./outbox";

const RANK = { late: 0, soon: 1, open: 2, later: 3 };
const SHOWN = 60;
export const TASK_ICONS: Record<string, string> = { inspect: "shield", visit: "heart", collect: "edit", check: "eye", reinspect: "refresh", patrol: "pin", warning: "bell" };

export const kindWords = (kind: string): string =>
  ({ inspect: t("检查"), visit: t("走访"), collect: t("采集"), check: t("核实"), reinspect: t("复查"), patrol: t("巡查"), warning: t("预警") })[kind] ?? t("任务");

export function distanceOf(app: App, task: { lon: number | null; lat: number | null }): number | null {
  return app.point && task.lon !== null && task.lat !== null ? metres(app.point, { lon: task.lon, lat: task.lat }) : null;
}

export function dueSign(task: Task, now: number): View {
  const state = lateness(task, now);
  if (state === "late") return light("red", t("已超 {n} 天", { n: Math.max(1, Math.floor((now - Date.parse(task.due)) / 86_400_000)) }));
  if (state === "soon") return light("yellow", t("{when} 前", { when: whenWords(task.due) }));
  return html`<span class="muted small">${state === "later" ? t("{when} 起", { when: whenWords(task.opens) }) : t("{when} 前", { when: whenWords(task.due) })}</span>`;
}

/** Late first, then soon; within these the graver, then the nearer. */
export function sorted(app: App, tasks: Task[], now: number): Task[] {
  const far = new Map(tasks.map((task) => [task.id, distanceOf(app, task) ?? 1e9]));
  return [...tasks].sort((a, b) => RANK[lateness(a, now)] - RANK[lateness(b, now)] || a.priority - b.priority || (far.get(a.id) ?? 0) - (far.get(b.id) ?? 0) || a.due.localeCompare(b.due));
}

export function taskLine(app: App, task: Task, now: number): View {
  const far = distanceOf(app, task);
  return html`<a class="line" href="#/task/${task.id}">
    ${icon(TASK_ICONS[task.kind] ?? "list")}
    <span class="line__words"><span class="line__title">${task.title}</span>
      <span class="line__more">${task.address}</span>
      <span class="line__signs"><span class="badge">${kindWords(task.kind)}</span>${task.state === "open" ? dueSign(task, now) : doneSign(task)}${far === null ? nothing : html`<span class="muted small">${farWords(far)}</span>`}</span></span>
    ${icon("right", "line__go")}
  </a>`;
}

const doneSign = (task: Task): View =>
  html`<span class="badge badge--brand">${task.state === "done" ? t("已完成") : t("已跳过")}</span>${task.mine ? html`<span class="badge">${t("待送")}</span>` : nothing}`;

type Tab = "list" | "map" | "done";

export function todayScreen(app: App): Screen {
  let tab: Tab = "list";
  let order: "due" | "near" = "due";
  let shown = SHOWN;
  let close = (): void => undefined;

  const tabs = (open: number, done: number): View => html`<div class="tabs-row" role="tablist">
    ${([["list", t("要做 {n}", { n: open })], ["map", t("地图")], ["done", t("已做 {n}", { n: done })]] as [Tab, string][]).map(
      ([name, words]) => html`<button type="button" role="tab" class="tab" aria-selected=${tab === name} @click=${() => pick(name)}>${words}</button>`,
    )}
  </div>`;

  function pick(name: Tab): void {
    close();
    close = () => undefined;
    tab = name;
    app.draw();
  }

  async function locate(): Promise<void> {
    app.point = (await findPoint()) ?? app.point;
    if (!app.point) app.say(t("没能取得位置，请看看是否允许了定位。"));
    order = app.point ? "near" : "due";
    app.draw();
  }

  function list(open: Task[], now: number): View {
    if (!open.length && !app.sync.health.last && app.sync.health.running) return opening();
    if (!open.length) return empty("check-circle", t("今天的事都做完了"), t("新的任务同步后会出现在这里。看到什么情况，随时点“报告”。"));
    const way = order === "near" && app.point ? nearestFirst(open, app.point) : sorted(app, open, now);
    return html`<div class="split">
        <p class="muted small">${order === "near" ? t("按走路顺序，由近到远") : t("先急后近")}</p>
        ${order === "near" ? press(t("先急后近"), () => { order = "due"; app.draw(); }, "quiet") : press(t("由近到远"), locate, "quiet", { icon: "pin" })}
      </div>
      <div class="lines">${way.slice(0, shown).map((task) => taskLine(app, task, now))}</div>
      ${way.length > shown ? press(t("再看 {n} 件", { n: way.length - shown }), () => { shown += SHOWN; app.draw(); }, "secondary", { wide: true }) : nothing}`;
  }

  function counts(open: Task[], now: number): View {
    const late = open.filter((task) => lateness(task, now) === "late").length;
    const soon = open.filter((task) => lateness(task, now) === "soon").length;
    if (!late && !soon) return nothing;
    return html`<p class="cluster">${late ? light("red", t("超期 {n}", { n: late })) : nothing}${soon ? light("yellow", t("今天到期 {n}", { n: soon })) : nothing}</p>`;
  }

  /** The map is fetched when first wanted. */
  function map(open: Task[]): View {
    const start = (host: Element | undefined): void => {
      if (!(host instanceof HTMLElement) || host.dataset.begun) return;
      host.dataset.begun = "1";
      void import("../map").then(({ openTaskMap }) => openTaskMap(host, app, open)).then((end) => (close = end));
    };
    requestAnimationFrame(() => start(document.querySelector("#task-map") ?? undefined));
    return html`<huying-map id="task-map" size="tall" aria-label=${t("任务地图")}><p class="map-words">${t("正在打开…")}</p></huying-map>`;
  }

  return {
    title: t("今天"),
    leave: () => close(),
    view() {
      const all = app.all("task");
      if (!all) return opening();
      const now = app.now().getTime();
      const tasks = all.map(taskOf);
      const open = tasks.filter((task) => task.state === "open");
      const today = new Date(now).toDateString();
      // The server takes a finished task away, so what was done is read from what was sent.
      const done = app.rows.filter((one) => one.body.task && one.state !== "refused" && new Date(one.at).toDateString() === today).reverse();
      const lines = html`<div class="lines">${done.map((one) => operationLine(app, one))}</div>`;
      return html`<div class="stack">${tabs(open.length, done.length)}
        ${tab === "map" ? map(open) : tab === "done" ? (done.length ? lines : empty("list", t("今天还没有完成的"), t("做完一件，就会记在这里。"))) : html`${counts(open, now)}${list(open, now)}`}
      </div>`;
    },
  };
}
