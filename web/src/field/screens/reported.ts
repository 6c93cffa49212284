/** One of my reports: how far it is. */
import { html, nothing } from "lit";
import type { App } from "../app";
import { type Screen, empty, facts, link, notice, opening, row } from "../parts";
import { taskOf } from "../shapes";
import { said, t, whenWords } from "../words";

export function reportedScreen(app: App, id: string): Screen {
  return {
    title: t("我报告的"),
    back: "#/report",
    view() {
      const all = app.all("mine");
      if (!all) return opening();
      const found = all.find((one) => one.id === id);
      if (!found) return empty("search", t("这里没有这一件"), t("只留最近的报告。要查更早的，请到办事页面用查询码查。"), link("#/report", t("回到报告")));
      const { b } = found;
      const own = app.rows.find((one) => one.answer?.made?.code === id || (b.number && one.answer?.made?.number === b.number));
      const again = (app.all("task") ?? []).map(taskOf).find((task) => task.kind === "reinspect" && b.number && task.title.includes(String(b.number)));
      return html`<div class="stack">
        <div class="card stack stack--tight"><p class="cluster"><span class="badge badge--brand">${said(b.state_words ?? b.state)}</span></p>
          <h2 class="task-title">${b.title}</h2>
          ${facts([[t("编号"), String(b.number ?? "")], [t("报告时间"), whenWords(String(b.at ?? ""))], [t("查询码"), String(b.code ?? id)]])}
        </div>
        ${b.outside === true ? notice("warn", t("位置不在我们管的范围里"), t("这一件照样收下了，分拨员会核对在哪里。取错了位置的，请告诉分拨员。")) : nothing}
        ${b.open === false ? notice("ok", t("已经办完")) : nothing}
        ${again ? html`<div class="lines">${row(`#/task/${again.id}`, "refresh", t("要您去复查"), whenWords(again.due))}</div>` : nothing}
        ${own ? html`<div class="lines">${row(`#/outbox/${own.id}`, "document", t("当时报告的内容"), whenWords(own.at))}</div>` : nothing}
      </div>`;
    },
  };
}
