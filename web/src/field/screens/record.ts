/** A record of the registry: masked first, shown for a purpose, changed by proposing. */
import { html, nothing } from "lit";
import type { App } from "../app";
import { type Screen, type View, empty, facts, icon, link, notice, opening, press, row, section } from "../parts";
import { type FieldSpec, addressOf, fieldsOf, maskName, maskValue, nameOf, taskOf } from "../shapes";
import type { Held } from "../types";
import { said, t, whenWords } from "../words";
import { KIND_ICONS, kindName } from "./find";
import { taskLine } from "./today";

/** What a report may be about; people never are. */
const ABOUT = new Set(["premises", "organisation", "facility"]);
const OPEN_MS = 2 * 60_000;

/** Relations, residences and care entries that name this record in any of their references. */
const naming = (records: readonly Held[] | null, id: string): Held[] => (records ?? []).filter((one) => Object.values(one.b).includes(id));

export function valueWords(field: FieldSpec, value: unknown, app: App): string {
  if (value === null || value === undefined || value === "") return "";
  if (Array.isArray(value)) return value.map((one) => valueWords(field, one, app)).join("、");
  if (field.type === "boolean") return value ? t("是") : t("否");
  if (field.type === "choice") return said(field.choices.find((one) => one.name === String(value))?.label ?? String(value));
  if (field.type === "ref") {
    const kinds = field.refers ? [field.refers] : ["premises", "household", "person", "organisation"];
    for (const kind of kinds) {
      const found = app.one(kind, String(value));
      if (found) return kind === "person" ? maskName(nameOf(found)) : (kind === "premises" && addressOf(found)) || nameOf(found);
    }
    return "";
  }
  return String(value);
}

export function recordScreen(app: App, kind: string, id: string): Screen {
  let openUntil = 0;
  let asking = false;
  let timer = 0;
  const shown = (): boolean => Date.now() < openUntil;

  async function open(event: Event, fields: FieldSpec[]): Promise<void> {
    event.preventDefault();
    const why = String(new FormData(event.target as HTMLFormElement).get("why") ?? "");
    await app.send({ kind: "look", subject: id, title: t("查看资料"), body: { subject: { kind, uid: id }, fields: fields.filter((one) => one.private).map((one) => one.name), why } });
    asking = false;
    openUntil = Date.now() + OPEN_MS;
    timer = window.setTimeout(app.draw, OPEN_MS + 100);
    app.draw();
  }

  const purpose = (fields: FieldSpec[]): View => html`<form class="panel stack field-app__pad" @submit=${(event: Event) => open(event, fields)}>
    <fieldset class="field"><legend class="field__label">${t("为了什么事查看？")}</legend><p class="field__hint">${t("会记下您、时间和用途，居民本人能看到。")}</p>
      <div class="choices">${[t("走访联系"), t("检查巡查"), t("核实登记"), t("紧急救助")].map((why, at) => html`<label class="choice"><input type="radio" name="why" value=${why} ?checked=${at === 0} /><span>${why}</span></label>`)}</div></fieldset>
    <div class="cluster"><button class="btn btn--primary">${t("查看")}</button>${press(t("先不"), () => { asking = false; app.draw(); }, "secondary")}</div>
  </form>`;

  function facets(found: Held, fields: FieldSpec[]): View {
    const hidden = fields.some((field) => field.private && found.b[field.name]) && !shown();
    const pairs = fields.map((field): [string, string] => {
      const words = valueWords(field, found.b[field.name], app);
      return [said(field.label), field.private && !shown() ? (field.name === "name" ? maskName(words) : maskValue(words, field.type)) : words];
    });
    return html`<div class="card stack">${facts(pairs)}${hidden && !asking ? press(t("显示完整资料"), () => { asking = true; app.draw(); }, "secondary", { icon: "eye" }) : nothing}${shown() ? html`<p class="muted small">${t("两分钟后重新遮住。")}</p>` : nothing}</div>${asking ? purpose(fields) : nothing}`;
  }

  /** Whom to call, in the order of the list. Calling shows the number, so it is there only once opened. */
  function contacts(): View {
    if (kind !== "person") return nothing;
    const spec = fieldsOf(app.one("fields", "relation")?.b ?? {}).find((field) => field.name === "kind");
    const people = (app.all("relation") ?? []).filter((one) => one.b.resident === id).sort((a, b) => Number(a.b.emergency_rank ?? 99) - Number(b.b.emergency_rank ?? 99));
    const calls = people.map(({ b }) => {
      const other = b.other ? app.one("person", String(b.other)) : null;
      const name = String(b.contact_name ?? other?.b.name ?? "");
      const phone = String(b.contact_phone ?? other?.b.phone ?? "");
      const call = shown() ? link(`tel:${phone}`, t("拨打"), "primary", "phone") : press(t("拨打"), () => { asking = true; app.draw(); }, "secondary", { icon: "phone" });
      return html`<div class="line">${icon("person")}<span class="line__words"><span class="line__title">${shown() ? name : maskName(name)}</span><span class="line__more">${spec ? valueWords(spec, b.kind, app) : ""} ${shown() ? phone : maskValue(phone, "phone")}</span></span>${phone ? call : nothing}</div>`;
    });
    return section(t("紧急联系人"), calls.length ? html`<div class="lines">${calls}</div>` : html`<p class="muted field-app__pad">${t("还没有登记。")}</p>`, link(`#/change/relation/new?resident=${id}`, t("添加"), "quiet", "plus"));
  }

  /** The person's own telephone, once it may be seen. */
  const calling = (found: Held): View => (shown() && found.b.phone ? html`<a class="btn btn--primary btn--wide" href="tel:${String(found.b.phone)}">${icon("phone")}<span>${t("打电话给本人")}</span></a>` : nothing);

  function forms(found: Held): View {
    const usable = (app.all("form") ?? []).filter((one) => {
      const definition = (one.b.definition ?? one.b) as { kind?: string; subject?: string };
      const of = String(one.b.subject ?? definition.subject ?? "");
      return of === kind || (!of && ((kind === "premises" && definition.kind === "inspection") || (kind === "person" && definition.kind === "visit")));
    });
    if (!usable.length) return nothing;
    return section(t("填一张表"), html`<div class="lines">${usable.map((one) => row(`#/form/${one.id}?kind=${kind}&uid=${found.id}`, "edit", said(((one.b.definition ?? one.b) as { title?: unknown }).title)))}</div>`);
  }

  const living = (): View => {
    const within = kind === "premises" || kind === "household" ? naming(app.all("residence"), id).flatMap((one) => app.one("person", String(one.b.resident ?? "")) ?? []) : [];
    return within.length ? section(t("住在这里的人"), html`<div class="lines">${within.map((one) => row(`#/record/person/${one.id}`, "person", maskName(nameOf(one)), addressOf(one)))}</div>`) : nothing;
  };

  const tasks = (): View => {
    const open = (app.all("task") ?? []).map(taskOf).filter((task) => task.state === "open" && (task.subject?.uid === id || task.premises === id));
    return open.length ? section(t("这里要做的"), html`<div class="lines">${open.map((task) => taskLine(app, task, app.now().getTime()))}</div>`) : nothing;
  };

  return {
    title: kindName(kind),
    back: "#/find",
    leave: () => clearTimeout(timer),
    view() {
      const all = app.all(kind);
      const lists = app.all("fields");
      if (!all || !lists) return opening();
      const found = all.find((one) => one.id === id);
      if (!found) return empty("search", t("这里没有这条资料"), t("可能已经搬走、合并，或不在您的网格。"), link("#/find", t("回到查找")));
      const fields = fieldsOf(lists.find((one) => one.id === kind)?.b ?? {});
      const name = nameOf(found);
      const checked = String(found.b.checked_at ?? "");
      const place = [kind === "person" ? "" : name, addressOf(found)].filter(Boolean).join(" ");
      return html`<div class="stack">
        <div class="record-head">${icon(KIND_ICONS[kind] ?? "document", "icon--large")}<div><h2>${kind === "person" && !shown() ? maskName(name) : name || kindName(kind)}</h2><p class="muted small">${addressOf(found)}</p><p class="muted small">${checked ? t("{when} 核实过", { when: whenWords(checked) }) : t("还没有核实过")}</p></div></div>
        ${found.mine ? notice("info", t("有改动等着送出")) : nothing}
        ${facets(found, fields)}
        <div class="pair">${link(`#/change/${kind}/${id}`, t("登记变动"), "primary", "edit")}${link(`#/report?${new URLSearchParams({ place, ...(ABOUT.has(kind) ? { kind, uid: id } : {}) })}`, t("报告情况"), "secondary", "megaphone")}</div>
        ${calling(found)}${tasks()}${contacts()}${living()}${forms(found)}
      </div>`;
    },
  };
}
