/** Finding a held record by any fragment: characters, letters of the pinyin, digits of a phone or a room. */

export interface Entry {
  key: string;
  text: string;
  /** The public code at a door. It says nothing, so only its beginning finds it, not any two letters in it. */
  code?: string;
}

const LEAST_OF_CODE = 4;

/** One spelling for what looks alike: width, case, spaces and dashes, and the words for houses and rooms. */
export function plain(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\s\-–—·,，。、()（）#]+/g, "")
    .replace(/(?<=\d)(?:号楼|号栋|幢|座)/g, "栋")
    .replace(/(?<=\d)(?:号房|号室|房)/g, "室");
}

/** Everything that can be looked for in a record, one line. Numbers and texts of its body, not its ids. */
export function searchText(values: readonly unknown[]): string {
  return plain(values.filter((value) => typeof value === "string" || typeof value === "number").join("|"));
}

const CODED = new Set(["choice", "boolean", "ref", "date"]);
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-/;
const UNSAID = new Set(["lon", "lat", "checked_at", "code"]);

/** The line of a record of the registry: what people say and write, not codes, dates or ids. */
export function searchable(body: Readonly<Record<string, unknown>>, fields: readonly { name: string; type: string }[]): string {
  const coded = new Set(fields.filter((field) => CODED.has(field.type)).map((field) => field.name));
  const told = Object.entries(body).filter(([name]) => !coded.has(name) && !UNSAID.has(name));
  return searchText(told.flatMap(([, value]) => value).filter((value) => typeof value !== "string" || !ID.test(value)));
}

/** Every word must occur; first what begins with the first word, then where it begins a name, its pinyin or a number, then
    the shorter. */
export function findIn(entries: readonly Entry[], words: string, most = 50): string[] {
  const asked = words.split(/\s+/).map(plain).filter(Boolean);
  if (!asked.length) return [];
  const first = asked[0] as string;
  const coded = (entry: Entry, word: string): boolean => word.length >= LEAST_OF_CODE && (entry.code?.startsWith(word) ?? false);
  const hits = entries.filter((entry) => asked.every((word) => entry.text.includes(word) || coded(entry, word)));
  const rank = (entry: Entry): number => (entry.text.startsWith(first) ? 0 : entry.text.includes(`|${first}`) ? 1 : 2);
  return hits
    .sort((a, b) => rank(a) - rank(b) || a.text.length - b.text.length)
    .slice(0, most)
    .map((entry) => entry.key);
}
