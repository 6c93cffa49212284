/** What stands around every screen: title, how the connection is, the five doors; and the gates before them. */
import { html, nothing } from "lit";
import type { App } from "./app";
import { type Screen, type View, empty, icon, notice, press } from "./parts";
import { gateScreen } from "./screens/gate";
import { t } from "./words";

const DOORS: [string, string, () => string][] = [
  ["#/", "calendar", () => t("今天")],
  ["#/report", "megaphone", () => t("报告")],
  ["#/patrol", "pin", () => t("巡查")],
  ["#/find", "search", () => t("查找")],
  ["#/mine", "person", () => t("我的")],
];

/** One glance: is there a network, and does anything wait? Calm, always in the same place. */
function sign(app: App): View {
  const { health } = app.sync;
  const troubled = app.troubled.length;
  const waiting = app.unsent.filter((row) => row.kind !== "position").length;
  const words = troubled
    ? app.offline
      ? t("离线 · {n} 件要看看", { n: troubled })
      : t("{n} 件要看看", { n: troubled })
    : app.offline
      ? waiting
        ? t("离线 · {n} 件待送", { n: waiting })
        : t("离线")
      : health.running && health.phase !== "down"
        ? t("正在送")
        : waiting
          ? t("{n} 件待送", { n: waiting })
          : health.fault || !health.last
            ? t("还没同步")
            : t("已同步");
  const shape = troubled ? "warning" : app.offline ? "wifi-off" : waiting || health.running || health.fault || !health.last ? "refresh" : "check";
  return html`<a class="sign ${troubled ? "sign--look" : app.offline ? "sign--off" : ""}" href="#/outbox">${icon(shape, "icon--small")}<span aria-live="polite">${words}</span></a>`;
}

function head(app: App, screen: Screen): View {
  return html`<header class="field-app__head">
    ${screen.back === undefined
      ? html`<span class="field-app__mark">${icon("megaphone")}</span>`
      : html`<a class="field-app__back" href=${screen.back} aria-label=${t("返回")} @click=${goBack}>${icon("left")}</a>`}
    <h1>${screen.title}</h1>
    ${app.duty.on ? html`<span class="on-duty" title=${t("正在记录位置")}>${icon("pin", "icon--small")}<span>${t("在岗")}</span></span>` : nothing}${sign(app)}
  </header>`;
}

/** Back as the phone's own button does, when we came from a screen of ours. */
function goBack(event: Event): void {
  if (history.length < 2 || !sessionStorage.getItem("huying-walked")) return;
  event.preventDefault();
  history.back();
}

addEventListener("hashchange", () => sessionStorage.setItem("huying-walked", "1"));

function standing(app: App): View {
  const { health } = app.sync;
  if (health.first && health.running) return firstSync(app);
  if (app.verdict.may === "purge") return notice("warn", t("资料已收起"), t("太久没有连上网络，居民资料已从这部手机上移除。连上网络就会重新取回；您写的内容都还在。"));
  if (health.fault === "sign-in") return notice("warn", t("请重新登录"), t("登录过期了。您写的内容都在这部手机上，登录后自动送出。"), html`<p class="mt-2"><a class="btn btn--primary" href=${app.page.login}>${t("去登录")}</a></p>`);
  if (app.verdict.may === "warn") return notice("info", t("已有一阵没连网"), t("还可以用 {n} 天，请尽早找有网络的地方同步一次。", { n: app.verdict.daysLeft }));
  return nothing;
}

function firstSync(app: App): View {
  const { read, total } = app.sync.health;
  const part = total ? Math.min(1, read / total) : 0;
  return html`<div class="notice notice--info first-sync" role="status">${icon("download")}<div>
    <p class="notice__title">${t("第一次同步")}</p>
    <p>${total ? t("已取回 {read} / {total} 条，请保持网络。", { read: Math.min(read, total), total }) : t("已取回 {read} 条，请保持网络。", { read })}</p>
    <progress max="1" .value=${part} aria-label=${t("第一次同步")}></progress>
  </div></div>`;
}

const update = (app: App): View =>
  app.fresh ? html`<button type="button" class="fresh" @click=${() => app.beforeLeaving().finally(() => app.fresh?.postMessage("now"))}>${icon("refresh")}<span>${t("新版本已备好，点此更新")}</span></button>` : nothing;

export function frame(app: App, screen: Screen | null): View {
  if (app.gate !== "open" || !screen) return html`<main class="gate" id="main" tabindex="-1">${gateScreen(app)}</main>${update(app)}`;
  const here = location.hash || "#/";
  return html`${head(app, screen)}
    <main class="field-app__main" id="main" tabindex="-1">${update(app)}${standing(app)}${guarded(screen)}</main>
    <nav class="portal__bar field-app__bar" aria-label=${t("主要功能")}>
      ${DOORS.map(([href, sign, words]) => html`<a href=${href} aria-current=${here === href || (href !== "#/" && here.startsWith(`${href}/`)) ? "page" : nothing}>${icon(sign)}<span>${words()}</span></a>`)}
    </nav>
    <div class="toasts" role="status" aria-live="polite">${app.said ? html`<div class="toast"><span>${typeof app.said === "function" ? app.said() : app.said}</span>${press(t("知道了"), () => { app.said = ""; app.draw(); }, "quiet")}</div>` : nothing}</div>`;
}

/** A fault in one screen must not shut the worker out of the others. */
function guarded(screen: Screen): View {
  try {
    return screen.view();
  } catch (problem) {
    console.error(problem);
    return empty("warning", t("这一页没能打开"), t("您写的内容都还在。请回到今天再试，或联系管理员。"), html`<a class="btn btn--secondary" href="#/">${t("回到今天")}</a>`);
  }
}
