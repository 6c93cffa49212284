/** Words the scripts say, written by the page in the reader's language (see shell/_words.html). */
const holder = (): DOMStringMap => document.getElementById("hy-words")?.dataset ?? {};

export function word(key: string, values: Record<string, string | number> = {}): string {
  const text = holder()[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}
