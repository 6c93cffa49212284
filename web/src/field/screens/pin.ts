/** Changing the PIN. */
import { html, nothing } from "lit";
import type { App } from "../app";
import { type Screen, icon } from "../parts";
import { t } from "../words";
import { pinFaultWords, pinField } from "./gate";

export function pinScreen(app: App): Screen {
  let fault = "";
  let busy = false;

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const typed = (name: string): string => String(new FormData(form).get(name) ?? "");
    fault = pinFaultWords(typed("fresh")) || (typed("fresh") === typed("again") ? "" : t("两次不一样，请重新设。"));
    if (!fault) {
      busy = true;
      app.draw();
      fault = (await app.changePin(typed("old"), typed("fresh"))) ? "" : t("原来的密码不对。");
      busy = false;
      if (!fault) {
        app.say(t("密码已换好。"));
        location.hash = "#/mine";
      }
    }
    app.draw();
  }

  return {
    title: t("换手机密码"),
    back: "#/mine",
    view: () => html`<form class="stack" @submit=${submit}>
      ${pinField("old", t("原来的密码"))}${pinField("fresh", t("新密码"))}${pinField("again", t("再输一次新密码"))}
      ${fault ? html`<p class="field__error" role="alert">${icon("error", "icon--small")}<span>${fault}</span></p>` : nothing}
      <button class="btn btn--primary btn--wide btn--large" ?disabled=${busy}>${t("换密码")}</button>
    </form>`,
  };
}
