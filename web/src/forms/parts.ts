/** Small pieces every part of the form draws: icons, words in the reader's language, notes of what is wrong. */
import { html, nothing, type TemplateResult } from "lit";
import iconsUrl from "../icons.svg?url";
import type { Said, Words } from "./types";

export const icon = (name: string, style = ""): TemplateResult => html`<svg class="icon ${style}" aria-hidden="true"><use href="${iconsUrl}#${name}"></use></svg>`;

/** A word the page gave, with values put in; the key itself shows that one is missing. */
export function worded(words: Words, key: string, values: Record<string, string | number> = {}): string {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

export function spoken(said: Said | undefined, language: string): string {
  if (!said) return "";
  return said[language] ?? said[language.split("-")[0] ?? ""] ?? said.zh ?? Object.values(said)[0] ?? "";
}

export const wrong = (id: string, text: string): TemplateResult | typeof nothing =>
  text ? html`<div class="field__error" id=${id}>${icon("error", "icon--small")}<span>${text}</span></div>` : nothing;

/** Seconds as a clock: 1:05. */
export const clock = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** The element tells its form of a new answer. */
export function tell(from: HTMLElement, value: unknown): void {
  from.dispatchEvent(new CustomEvent("answer", { detail: value }));
}
