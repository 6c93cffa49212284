/** 查找: the registry by any fragment, without a network. Names are masked until one is opened. */
import { html, nothing } from "lit";
import type { App } from "../app";
import { type Entry, findIn, searchable } from "../finding";
import { type Screen, type View, empty, icon, opening, row } from "../parts";
import { addressOf, fieldsOf, maskName, nameOf } from "../shapes";
import type { Held } from "../types";
import { t } from "../words";

export const KINDS = ["person", "premises", "household", "organisation", "facility"] as const;
export const KIND_ICONS: Record<string, string> = { person: "person", premises: "building", household: "home", organisation: "people", facility: "gear", relation: "phone", residence: "home", care: "heart" };
export const kindName = (kind: string): string =>
  ({ person: t("人"), premises: t("场所房屋"), household: t("户"), organisation: t("单位"), facility: t("设施"), relation: t("联系人"), residence: t("居住"), care: t("关爱") })[kind] ?? kind;

let words = "";
let only = "";

export function findScreen(app: App): Screen {
  let known: { from: unknown; entries: Entry[]; all: Map<string, Held> } | null = null;

  /** One line of text a record, made again only when the records are others. */
  function index(): typeof known {
    const shelves = KINDS.map((kind) => app.all(kind));
    const lists = app.all("fields");
    if (!lists || shelves.some((shelf) => shelf === null)) return null;
    const from = `${app.rows.length}:${shelves.map((shelf) => shelf?.length).join()}:${app.sync.health.last}`;
    if (known?.from === from) return known;
    const all = new Map((shelves as Held[][]).flat().map((record) => [`${record.k}:${record.id}`, record]));
    const specs = new Map(lists.map((one) => [one.id, fieldsOf(one.b)]));
    const entries = [...all].map(([key, record]) => ({ key, text: searchable(record.b, specs.get(record.k) ?? []), code: String(record.b.code ?? "").toLowerCase() }));
    known = { from, entries, all };
    return known;
  }

  function hit(record: Held): View {
    const name = nameOf(record);
    return row(`#/record/${record.k}/${record.id}`, KIND_ICONS[record.k] ?? "document", record.k === "person" ? maskName(name) : name || kindName(record.k), html`${[kindName(record.k), addressOf(record)].filter(Boolean).join(" · ")}${record.mine ? html` <span class="badge">${t("待送")}</span>` : nothing}`);
  }

  const begin = (count: number): View =>
    count
      ? empty("search", t("在 {n} 条资料里找", { n: count }), t("姓名、拼音首字母、电话后几位、门牌、店名，任何一段都行。没有网络也能找。"))
      : empty("download", t("还没有资料"), t("连上网络同步一次，您网格里的人房企就在这里。"));

  return {
    title: t("查找"),
    view() {
      const ready = index();
      const asked = words.trim();
      const entries = ready?.entries.filter((entry) => !only || entry.key.startsWith(`${only}:`)) ?? [];
      const found = ready && asked ? findIn(entries, asked).flatMap((key) => ready.all.get(key) ?? []) : [];
      return html`<div class="stack">
        <div class="field" role="search"><label class="sr-only" for="find">${t("查找")}</label><input id="find" type="search" autocomplete="off" enterkeyhint="search" placeholder=${t("姓名、拼音、电话、地址、门牌")} .value=${words} @input=${(event: Event) => { words = (event.target as HTMLInputElement).value; app.draw(); }} /></div>
        <div class="chips">${["", ...KINDS].map((kind) => html`<button type="button" class="chip" aria-pressed=${only === kind} @click=${() => { only = kind; app.draw(); }}>${kind ? kindName(kind) : t("全部")}</button>`)}</div>
        ${!ready ? opening() : !asked ? begin(ready.all.size) : found.length ? html`<p class="sr-only" role="status">${t("找到 {n} 条", { n: found.length })}</p><div class="lines">${found.map(hit)}</div>` : empty("search", t("没有找到“{words}”", { words: asked }), t("换一段试试；确实没有，可以新登记一条。"))}
        <details class="menu menu--start"><summary class="btn btn--secondary">${icon("plus")}<span>${t("新登记")}</span></summary><div class="menu__list">${KINDS.map((kind) => html`<a class="menu__item" href="#/change/${kind}/new">${icon(KIND_ICONS[kind] ?? "document")}${kindName(kind)}</a>`)}</div></details>
      </div>`;
    },
  };
}
