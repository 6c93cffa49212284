/** Proposing a change to a record, or a new one. Only what differs is sent; the server merges or asks somebody. */
import { html, nothing } from "lit";
import type { App } from "../app";
import { type Screen, type View, ask, empty, icon, keptWords, notice, opening, press } from "../parts";
import { findIn, searchable } from "../finding";
import { findPoint } from "../position";
import { type FieldSpec, addressOf, fieldsOf, maskName, maskValue, nameOf } from "../shapes";
import type { Body, Draft, Held } from "../types";
import { said, t } from "../words";
import { kindName } from "./find";
import { valueWords } from "./record";

const REFERRED = ["premises", "person", "household", "organisation"];
const INPUTS: Record<string, [type: string, mode: string]> = { date: ["date", ""], integer: ["text", "numeric"], decimal: ["text", "decimal"], phone: ["tel", "tel"], id_number: ["text", "text"] };

/** What was typed, as the registry keeps it: numbers as numbers, nothing as null. */
export function typedValue(type: string, text: string): unknown {
  const whole = text.trim();
  if (!whole) return null;
  if (type === "integer") return /^-?\d+$/.test(whole) ? Number(whole) : whole;
  if (type === "decimal") return Number.isFinite(Number(whole)) ? Number(whole) : whole;
  if (type === "boolean") return whole === "true";
  return whole;
}

/** Fields whose value is another than before. */
export function differing(before: Body, after: Body): Body {
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
  return Object.fromEntries(Object.entries(after).filter(([name, value]) => !same(before[name], value)));
}

export function changeScreen(app: App, kind: string, id: string, asked: URLSearchParams): Screen {
  const fresh = id === "new";
  const mends = asked.get("mends") ?? "";
  const draftId = `change:${kind}:${id}:${[...asked.values()].join(":")}`;
  const kept = app.drafts.find((one) => one.id === draftId);
  const mended = app.rows.find((one) => one.id === mends);
  const given = Object.fromEntries([...asked].filter(([name]) => name !== "mends"));
  const values: Body = { ...given, ...((mended?.body.changes ?? {}) as Body), ...((kept?.body.values ?? {}) as Body) };
  const uid = String(kept?.body.uid ?? (fresh ? (mended?.subject ?? crypto.randomUUID()) : id));
  const seeking = new Map<string, string>();
  let fault = "";
  let timer = 0;
  let dirty = false;

  async function keep(): Promise<void> {
    clearTimeout(timer);
    timer = 0;
    if (!dirty) return;
    dirty = false;
    const draft: Draft = { id: draftId, kind: "change", title: `${kindName(kind)} ${String(values.name ?? "")}`.trim(), at: new Date().toISOString(), body: { kind, id, uid, values, asked: asked.toString() }, files: [] };
    await app.keepDraft(draft);
  }

  function set(name: string, value: unknown): void {
    values[name] = value;
    dirty = true;
    if (!timer) timer = window.setTimeout(() => void keep(), 400);
    app.draw();
  }

  function unset(name: string): void {
    delete values[name];
    dirty = true;
    app.draw();
  }

  async function submit(event: Event, before: Held | null, fields: FieldSpec[]): Promise<void> {
    event.preventDefault();
    const changes = differing(before?.b ?? {}, values);
    const lacking = fields.filter((field) => field.required && (values[field.name] ?? before?.b[field.name] ?? "") === "");
    fault = lacking.length ? t("还要填：{names}", { names: lacking.map((field) => said(field.label)).join("、") }) : Object.keys(changes).length ? "" : t("没有改动。");
    if (fault) {
      app.draw();
      return;
    }
    clearTimeout(timer);
    dirty = false;
    const name = before ? nameOf(before) : String(values.name ?? values.address ?? "");
    const shown = kind === "person" || kind === "relation" ? maskName(name) : name;
    const title = before ? t("改动：{name}", { name: shown || kindName(kind) }) : t("新登记：{name}", { name: shown || kindName(kind) });
    await app.change(kind, uid, before?.v ?? 0, changes, title, { draft: draftId, ...(mends ? { operation: mends } : {}) });
    app.say(() => keptWords(app));
    location.hash = given.resident ? `#/record/person/${given.resident}` : `#/record/${kind}/${uid}`;
  }

  async function discard(): Promise<void> {
    if (!(await ask(t("不改了？"), t("这里填的内容会删掉。"), t("删掉")))) return;
    clearTimeout(timer);
    dirty = false;
    await app.keepDraft({ id: draftId, kind: "change", title: "", at: "", body: {}, files: [] });
    await app.store.dropDraft(draftId);
    await app.read();
    history.back();
  }

  function field(spec: FieldSpec, before: Held | null): View {
    const old = before?.b[spec.name];
    const now = spec.name in values ? values[spec.name] : old;
    const covered = spec.private && before !== null;
    const shown = covered ? values[spec.name] : now;
    const changed = !covered && spec.name in values && JSON.stringify(values[spec.name] ?? null) !== JSON.stringify(old ?? null) && before !== null;
    const label = html`${said(spec.label)}${spec.required || (spec.private && before) ? nothing : html` <span class="field__optional">${t("（选填）")}</span>`}`;
    const mask = covered && old ? t("现在是 {value}；要改才填。", { value: spec.name === "name" ? maskName(String(old)) : spec.type === "choice" || spec.type === "boolean" ? "＊" : maskValue(old, spec.type) }) : t("要改才填。");
    const was = covered ? html`<span class="field__hint">${mask}</span>` : changed ? html`<span class="field__hint">${t("原来是：{value}", { value: valueWords(spec, old, app) || t("空") })}</span>` : nothing;
    if (spec.type === "ref")
      return !given[spec.name] && REFERRED.includes(spec.refers) ? picker(spec, now, label, was) : given[spec.name] ? html`<div class="field"><span class="field__label">${said(spec.label)}</span><p>${valueWords(spec, given[spec.name], app)}</p></div>` : nothing;
    if (spec.type === "choice" || spec.type === "boolean") {
      const choices = spec.type === "boolean" ? [{ name: "true", label: t("是") }, { name: "false", label: t("否") }] : spec.choices;
      return html`<div class="field"><label class="field__label" for="f-${spec.name}">${label}</label>${was}
        <select id="f-${spec.name}" @change=${(event: Event) => {
          const chosen = typedValue(spec.type, (event.target as HTMLSelectElement).value);
          if (covered && (event.target as HTMLSelectElement).value === "") unset(spec.name);
          else set(spec.name, chosen);
        }}><option value="" ?selected=${shown === undefined || shown === null}>${covered ? t("不改") : t("请选择")}</option>${choices.map((one) => html`<option value=${one.name} ?selected=${String(shown) === one.name}>${said(one.label)}</option>`)}</select></div>`;
    }
    const [type, mode] = INPUTS[spec.type] ?? ["text", ""];
    const many = Array.isArray(shown);
    return html`<div class="field"><label class="field__label" for="f-${spec.name}">${label}</label>${was}
      <input id="f-${spec.name}" type=${type} inputmode=${mode || nothing} autocomplete="off" .value=${many ? shown.join("、") : String(shown ?? "")} @input=${(event: Event) => {
        const text = (event.target as HTMLInputElement).value;
        if (covered && !text.trim()) unset(spec.name); // an empty box of what is covered says nothing
        else set(spec.name, many ? text.split(/[、,，\s]+/).filter(Boolean) : typedValue(spec.type, text));
      }} /></div>`;
  }

  /** Another record, found by any fragment. */
  function picker(spec: FieldSpec, now: unknown, label: View, was: View): View {
    const seek = seeking.get(spec.name) ?? "";
    const all = seek ? (app.all(spec.refers) ?? []) : [];
    const specs = fieldsOf(app.one("fields", spec.refers)?.b ?? {});
    const entries = all.map((one) => ({ key: one.id, text: searchable(one.b, specs) }));
    const found = findIn(entries, seek, 6).flatMap((key) => all.find((one) => one.id === key) ?? []);
    const named = (one: Held): string => (spec.refers === "person" ? maskName(nameOf(one)) : nameOf(one)) || kindName(spec.refers);
    const look = (words: string): void => {
      seeking.set(spec.name, words);
      app.draw();
    };
    if (now) return html`<div class="field"><span class="field__label">${label}</span>${was}<p class="split card"><span>${valueWords(spec, now, app) || t("已选")}</span>${press(t("换一个"), () => set(spec.name, null), "quiet")}</p></div>`;
    return html`<div class="field"><label class="field__label" for="f-${spec.name}">${label}</label>${was}
      <input id="f-${spec.name}" type="search" autocomplete="off" placeholder=${t("输入几个字找一找")} .value=${seek} @input=${(event: Event) => look((event.target as HTMLInputElement).value)} />
      ${found.length ? html`<div class="lines">${found.map((one) => html`<button type="button" class="line" @click=${() => { look(""); set(spec.name, one.id); }}><span class="line__words"><span class="line__title">${named(one)}</span><span class="line__more">${addressOf(one)}</span></span></button>`)}</div>` : nothing}
    </div>`;
  }

  /** Longitude and latitude are one question: here? */
  function place(before: Held | null): View {
    const lon = values.lon ?? before?.b.lon;
    const lat = values.lat ?? before?.b.lat;
    const here = async (): Promise<void> => {
      const point = await findPoint();
      if (!point) return app.say(t("没能取得位置，请看看是否允许了定位。"));
      values.lon = point.lon;
      set("lat", point.lat);
    };
    return html`<div class="field"><span class="field__label">${t("位置")} <span class="field__optional">${t("（选填）")}</span></span><p class="split card"><span>${lon && lat ? `${Number(lat).toFixed(5)}, ${Number(lon).toFixed(5)}` : t("还没有位置")}</span>${press(t("用我现在的位置"), here, "quiet", { icon: "pin" })}</p></div>`;
  }

  return {
    title: fresh ? t("新登记") : t("登记变动"),
    back: fresh ? "#/find" : `#/record/${kind}/${id}`,
    keep,
    leave: () => clearTimeout(timer),
    view() {
      const lists = app.all("fields");
      const all = app.all(kind);
      if (!lists || !all) return opening();
      const before = fresh ? null : (all.find((one) => one.id === id) ?? null);
      const fields = fieldsOf(lists.find((one) => one.id === kind)?.b ?? {});
      const hidden = new Set(["lon", ...(fresh ? ["ending", "ended_on"] : [])]);
      if (!fields.length) return empty("download", t("字段还没有同步下来"), t("连上网络同步一次就能登记。"));
      return html`<form class="stack" novalidate @submit=${(event: Event) => submit(event, before, fields)}>
        ${mended ? notice("warn", t("上次没有被收下"), mended.answer?.message ?? "") : nothing}
        ${fields.filter((one) => !hidden.has(one.name)).map((one) => (one.name === "lat" ? place(before) : field(one, before)))}
        ${fault ? html`<p class="field__error" role="alert">${icon("error", "icon--small")}<span>${fault}</span></p>` : nothing}
        <button class="btn btn--primary btn--wide btn--large">${t("存好并送出")}</button>
        <p class="muted small">${t("一般的改动直接生效；姓名、证件号等要由信息管理员确认。")}</p>
        ${kept || dirty ? press(t("不改了"), discard, "quiet") : nothing}
      </form>`;
    },
  };
}
