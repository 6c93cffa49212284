/** Small pieces all screens are made of. */
import { type TemplateResult, html, nothing } from "lit";
import { iconsUrl } from "./icons";
import type { Upload } from "./types";
import { t } from "./words";

export type View = TemplateResult | typeof nothing;

/** A screen of the app: drawn from what the app knows, left when another comes. */
export interface Screen {
  title: string;
  back?: string;
  view(): View;
  /** Called before the lock shuts, the page hides or another screen comes: keep what is being written. */
  keep?(): Promise<void>;
  leave?(): void;
}

export const icon = (name: string, style = ""): View => html`<svg class="icon ${style}" aria-hidden="true"><use href="${iconsUrl}#${name}"></use></svg>`;

const SHAPES: Record<string, string> = { blue: "circle", yellow: "triangle", red: "square" };

export const light = (state: "blue" | "yellow" | "red", words: string): View => html`<span class="light light--${state}">${icon(SHAPES[state] ?? "circle")}<span>${words}</span></span>`;

export const empty = (sign: string, title: string, words = "", action: View = nothing): View =>
  html`<div class="empty">${icon(sign, "icon--large")}<h2 class="empty__title">${title}</h2>${words ? html`<p class="prose">${words}</p>` : nothing}${action}</div>`;

export const notice = (kind: "info" | "ok" | "warn" | "error", title: string, words: View | string = "", action: View = nothing): View => {
  const sign = { info: "info", ok: "check-circle", warn: "warning", error: "error" }[kind];
  return html`<div class="notice notice--${kind}">${icon(sign)}<div><p class="notice__title">${title}</p>${words}${action}</div></div>`;
};

export const opening = (): View => html`<p class="field-app__opening" role="status"><span class="spinner spinner--on"></span> ${t("正在打开…")}</p>`;

export const row = (href: string, sign: string, title: View | string, more: View | string = nothing, end: View | string = nothing): View =>
  html`<a class="line" href=${href}>${icon(sign)}<span class="line__words"><span class="line__title">${title}</span>${more === nothing ? nothing : html`<span class="line__more">${more}</span>`}</span>${end}${icon("right", "line__go")}</a>`;

export const press = (words: View | string, act: () => unknown, style = "primary", options: { icon?: string; disabled?: boolean; wide?: boolean; busy?: boolean } = {}): View =>
  html`<button type="button" class="btn btn--${style} ${options.wide ? "btn--wide btn--large" : ""}" ?disabled=${options.disabled ?? false} aria-busy=${options.busy ? "true" : nothing} @click=${act}>${options.icon ? icon(options.icon) : nothing}<span>${words}</span></button>`;

export const link = (href: string, words: string, style = "secondary", sign = ""): View => html`<a class="btn btn--${style}" href=${href}>${sign ? icon(sign) : nothing}<span>${words}</span></a>`;

export const section = (title: string, content: View | View[], end: View = nothing): View => html`<section class="panel"><div class="panel__head"><h2 class="panel__title">${title}</h2>${end}</div>${content}</section>`;

export const facts = (pairs: [string, View | string][]): View =>
  html`<dl class="facts">${pairs.filter(([, value]) => value !== "" && value !== nothing).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;

/** 12.3 MB */
export const sizeWords = (bytes: number): string => (bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} KB` : `${(bytes / 1e6).toFixed(1)} MB`);

/** How far the photos of an operation have come. */
export function photoWords(files: readonly string[], uploads: readonly Upload[]): string {
  const mine = uploads.filter((one) => files.includes(one.id));
  const left = mine.filter((one) => !one.done).reduce((sum, one) => sum + one.size - one.offset, 0);
  return left ? t("照片还有 {size} 要送", { size: sizeWords(left) }) : "";
}

interface Standing {
  offline: boolean;
}

/** What is said when something was written down. */
export const keptWords = ({ offline }: Standing): string => (offline ? t("已存好。有网络时自动送出。") : t("已存好，正在送出。"));

/** The same when a task is done by it. */
export const doneWords = ({ offline }: Standing): string => (offline ? t("这件任务做完了。有网络时自动送出。") : t("这件任务做完了，正在送出。"));

/** Ask once, saying what will be lost. */
export function ask(title: string, words: string, yes: string, no = t("先不")): Promise<boolean> {
  return new Promise((answer) => {
    const dialog = document.createElement("dialog");
    dialog.className = "dialog";
    const head = document.createElement("h2");
    head.textContent = title;
    const body = document.createElement("p");
    body.textContent = words;
    const foot = document.createElement("div");
    foot.className = "dialog__actions";
    const choose = (label: string, style: string, value: boolean): HTMLButtonElement => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = `btn btn--${style}`;
      button.textContent = label;
      button.addEventListener("click", () => {
        answer(value);
        dialog.close();
      });
      return button;
    };
    foot.append(choose(no, "secondary", false), choose(yes, "primary", true));
    const inner = document.createElement("div");
    inner.className = "dialog__body stack";
    inner.append(head, body);
    dialog.append(inner, foot);
    dialog.setAttribute("aria-label", title);
    dialog.addEventListener("close", () => {
      answer(false);
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
