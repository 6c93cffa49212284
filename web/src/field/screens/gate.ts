/** Before the app: setting the PIN, unlocking, and the ends a phone may come to. */
import { html, nothing } from "lit";
import { NoAnswer, Refusal } from "../api";
import type { App } from "../app";
import { type View, ask, icon, notice, press } from "../parts";
import { MOST_WRONG, pinFault, secondsLeft } from "../vault";
import { t } from "../words";

let first = "";
let fault: View | string = "";
let busy = false;

const brand = (words: string, title: string): View => html`<div class="gate__brand">${icon("megaphone", "icon--large")}<h1>${title}</h1>${words ? html`<p class="muted">${words}</p>` : nothing}</div>`;

export const pinField = (id: string, label: string, autofocus = false): View => html`<div class="field">
  <label class="field__label" for=${id}>${label}</label>
  <input class="pin" id=${id} name=${id} type="password" inputmode="numeric" autocomplete="off" pattern="[0-9]*" maxlength="12" required ?autofocus=${autofocus} />
</div>`;

export const pinFaultWords = (pin: string): string => ({ "": "", short: t("请用至少六位数字。"), easy: t("这个密码太容易猜，请换一个。") })[pinFault(pin)];

const error = (): View => (fault ? html`<p class="field__error" role="alert">${icon("error", "icon--small")}<span>${fault}</span></p>` : nothing);

function typed(event: Event, name: string): string {
  const input = (event.target as HTMLFormElement).elements.namedItem(name) as HTMLInputElement;
  const { value } = input;
  input.value = "";
  return value;
}

async function working(app: App, act: () => Promise<void>): Promise<void> {
  if (busy) return;
  busy = true;
  fault = "";
  app.draw();
  try {
    await act();
  } catch (problem) {
    if (problem instanceof NoAnswer) fault = t("第一次使用要连上网络，请到有网络的地方再试。");
    else if (problem instanceof Refusal && problem.status === 401) fault = html`${t("请先登录。")} <a class="link" href=${app.page.login}>${t("去登录")}</a>`;
    else fault = problem instanceof Refusal && problem.message ? problem.message : t("没有成功，请再试一次。");
  } finally {
    busy = false;
    app.draw();
  }
}

function setting(app: App): View {
  const submit = (event: Event): void => {
    event.preventDefault();
    const pin = typed(event, "pin");
    if (!first) {
      fault = pinFaultWords(pin);
      if (!fault) first = pin;
      app.draw();
    } else if (pin !== first) {
      first = "";
      fault = t("两次不一样，请重新设。");
      app.draw();
    } else {
      first = "";
      void working(app, () => app.setUp(pin));
    }
  };
  return html`<form class="gate__box stack" @submit=${submit}>
    ${brand(t("资料存在这部手机里，没有网络也能用。请设一个六位以上的数字密码，只有您知道。"), first ? t("再输一次") : t("设手机密码"))}
    ${pinField("pin", first ? t("再输一次密码") : t("新密码"), true)} ${error()}
    <button class="btn btn--primary btn--wide btn--large" aria-busy=${busy ? "true" : nothing} ?disabled=${busy}><span class="spinner"></span>${busy ? t("正在准备…") : first ? t("开始使用") : t("下一步")}</button>
  </form>`;
}

function locked(app: App): View {
  const left = app.lock ? secondsLeft(app.lock, Date.now()) : 0;
  const wrong = app.lock?.wrong ?? 0;
  const submit = (event: Event): void => {
    event.preventDefault();
    const pin = typed(event, "pin");
    void working(app, async () => {
      if (!(await app.unlock(pin)) && app.gate === "locked") fault = t("密码不对。");
    });
  };
  if (left) setTimeout(app.draw, 1000);
  return html`<form class="gate__box stack" @submit=${submit}>
    ${brand(t("资料都在，输入密码继续。"), t("已上锁"))} ${pinField("pin", t("手机密码"), true)} ${error()}
    ${wrong >= 3 ? html`<p class="muted small">${t("再错 {n} 次，这部手机上的资料会被清除。", { n: MOST_WRONG - wrong })}</p>` : nothing}
    <button class="btn btn--primary btn--wide btn--large" ?disabled=${busy || left > 0} aria-busy=${busy ? "true" : nothing}><span class="spinner"></span>${left ? t("请等 {n} 秒再试", { n: left }) : t("打开")}</button>
    ${press(t("忘了密码"), () => forget(app), "quiet")}
  </form>`;
}

async function forget(app: App): Promise<void> {
  const words = t("没有密码就打不开。可以清除这部手机上的资料，重新设密码、重新同步；没送出的内容会丢失。");
  if (await ask(t("清除这部手机上的资料？"), words, t("清除"))) await app.end("wish");
}

function gone(app: App): View {
  const words: Record<string, string> = {
    device_revoked: t("这部设备已被停用，手机上的资料已清除。如果是误停，请联系管理员重新启用。"),
    off_duty_ended: t("您的网格岗位已经结束，手机上的资料已清除。谢谢您的付出。"),
    wrong_pin: t("密码错了十次，手机上的资料已清除。没来得及送出的内容无法找回，请重新设置。"),
    wish: t("手机上的资料已清除。"),
  };
  return html`<div class="gate__box stack">${brand(words[app.goneWhy] ?? words.wish ?? "", t("资料已清除"))}${press(t("重新设置"), () => location.reload(), "primary", { wide: true })}</div>`;
}

function other(app: App): View {
  return html`<div class="gate__box stack">
    ${brand(t("这部手机上存的是另一位同事的工作。请让本人登录；交接手机前，请先在“我的”里清除资料。"), t("换了人"))}
    <a class="btn btn--primary btn--wide btn--large" href=${app.page.login}>${t("换人登录")}</a>
  </div>`;
}

export function gateScreen(app: App): View {
  if (app.gate === "new") return setting(app);
  if (app.gate === "locked") return locked(app);
  if (app.gate === "gone") return gone(app);
  if (app.gate === "other") return other(app);
  if (app.gate === "unfit") return html`<div class="gate__box stack">${notice("warn", t("这个浏览器不能用"), t("请用较新的 Chrome、Edge、Safari 或手机自带浏览器，并通过 https 打开。"))}</div>`;
  return html`<p class="muted" role="status">${t("正在打开…")}</p>`;
}
