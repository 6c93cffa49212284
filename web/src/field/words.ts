/** The app's words: Chinese is the key, the page brings the others. Both languages are in the page, so switching needs no network. */

export interface PageData {
  words: Record<string, Record<string, string>>;
  /** The element of words that maps and other shared parts read from, whole. */
  shared: Record<string, string>;
  /** What <hy-form> says. */
  forms: Record<string, Record<string, string>>;
  version: string;
  api: string;
  login: string;
  root: string;
}

let book: Record<string, string> = {};
let spoken: "zh" | "en" = "zh";

export function speak(page: PageData, language: "zh" | "en"): void {
  spoken = language;
  book = page.words[language] ?? {};
  document.documentElement.lang = language === "en" ? "en" : "zh-Hans";
  document.title = t("呼应网格");
  const shared = new DOMParser().parseFromString(page.shared[language] ?? "", "text/html").getElementById("hy-words");
  if (shared) document.getElementById("hy-words")?.replaceWith(document.adoptNode(shared));
}

export const language = (): "zh" | "en" => spoken;

/** t("再看 {n} 件", { n: 3 }) */
export function t(text: string, values: Record<string, string | number> = {}): string {
  return (book[text] ?? text).replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** A text that comes in both languages, or in one. */
export function said(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return String(value);
  const both = value as Record<string, string>;
  return both[spoken] || both.zh || Object.values(both)[0] || "";
}

const day = (moment: Date): string => `${moment.getFullYear()}-${moment.getMonth()}-${moment.getDate()}`;

/** 今天 14:30, 昨天 9:05, 3月8日. Shown in the phone's own time. */
export function whenWords(iso: string, now = new Date()): string {
  const moment = new Date(iso);
  if (Number.isNaN(moment.getTime())) return "";
  const clock = `${moment.getHours()}:${String(moment.getMinutes()).padStart(2, "0")}`;
  const yesterday = new Date(now.getTime() - 86_400_000);
  const tomorrow = new Date(now.getTime() + 86_400_000);
  if (day(moment) === day(now)) return t("今天 {time}", { time: clock });
  if (day(moment) === day(yesterday)) return t("昨天 {time}", { time: clock });
  if (day(moment) === day(tomorrow)) return t("明天 {time}", { time: clock });
  return new Intl.DateTimeFormat(spoken === "en" ? "en-GB" : "zh-CN", { month: "short", day: "numeric" }).format(moment);
}
