/** Draws a question with its words, its control and what is wrong with it; groups and repeats hold others. */
import { html, nothing, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { repeat } from "lit/directives/repeat.js";
import type { Node } from "./answers";
import { type Desk, faultText, idOf, say, told } from "./desk";
import { isSet, plainFields } from "./fields";
import { drawFinding } from "./finding";
import { isSeen } from "./pages";
import { icon, wrong } from "./parts";
import { devicePlace } from "./position";
import type { Value } from "./types";
import { isEmpty, text } from "./values";

type Drawn = TemplateResult | typeof nothing;

/** Controls that are elements of their own and stand in a named group. */
function large(desk: Desk, node: Node, id: string, described: string, invalid: boolean): Drawn {
  const label = told(desk, node.item.label, node);
  const answer = (event: CustomEvent<Value>): void => desk.answer(node, event.detail, true);
  const value = node.value ?? null;
  switch (node.item.type) {
    case "image":
    case "panorama":
      return html`<hy-photos .value=${value} .words=${desk.words} .files=${desk.files} .kind=${node.item.type === "panorama" || node.item.parameters?.panorama ? "panorama" : "image"} .label=${label} .key=${id} .describedby=${described} .invalid=${invalid} @answer=${answer}></hy-photos>`;
    case "signature":
      return html`<hy-signature .value=${value} .words=${desk.words} .files=${desk.files} .label=${label} .key=${id} .describedby=${described} .invalid=${invalid} @answer=${answer}></hy-signature>`;
    case "audio":
      return html`<hy-voice .value=${value} .words=${desk.words} .files=${desk.files} .label=${label} .key=${id} .describedby=${described} .invalid=${invalid} @answer=${answer}></hy-voice>`;
    case "geopoint":
      return html`<hy-position .value=${value} .words=${desk.words} .files=${desk.files} .place=${desk.place ?? devicePlace} .label=${label} .key=${id} .describedby=${described} .invalid=${invalid} @answer=${answer}></hy-position>`;
    case "barcode":
      return html`<hy-code .value=${value} .words=${desk.words} .files=${desk.files} .label=${label} .key=${id} .describedby=${described} .invalid=${invalid} @answer=${answer}></hy-code>`;
    default:
      return nothing;
  }
}

const optional = (desk: Desk, node: Node): Drawn => (node.required || node.item.read_only ? nothing : html` <span class="field__optional">${say(desk, "optional")}</span>`);

function hintOf(desk: Desk, node: Node, id: string): Drawn {
  const hint = told(desk, node.item.hint, node);
  return hint ? html`<div class="field__hint" id="${id}-hint">${hint}</div>` : nothing;
}

function reading(desk: Desk, node: Node, id: string): TemplateResult {
  const names = Array.isArray(node.value) ? node.value.map(String) : [text(node.value)];
  const said = node.item.choices ? node.item.choices.filter((choice) => names.includes(choice.name)).map((choice) => told(desk, choice.label, node)) : [text(node.value)];
  return html`<div class="field" data-at=${node.at}>
    <div class="field__label" id="${id}-label">${told(desk, node.item.label, node)}</div>
    ${hintOf(desk, node, id)}
    <output class="fill__read" aria-labelledby="${id}-label">${said.join("、") || "—"}</output>
  </div>`;
}

function agreeing(desk: Desk, node: Node, id: string, described: string, fault: string): TemplateResult {
  return html`<div class="field ${fault ? "field--error" : ""}" data-at=${node.at}>
    ${wrong(`${id}-wrong`, fault)}
    <label class="choice">
      <input type="checkbox" id=${id} .checked=${node.value === true} aria-describedby=${described || nothing} aria-invalid=${fault ? "true" : nothing} @change=${(event: Event) => desk.answer(node, (event.target as HTMLInputElement).checked || null, true)} />
      <span><span class="choice__title">${told(desk, node.item.label, node)}${optional(desk, node)}</span></span>
    </label>
    ${hintOf(desk, node, id)}
  </div>`;
}

/** One question in its frame: words, hint, what is wrong, control, and the finding a failed answer opens. */
function drawQuestion(desk: Desk, node: Node): TemplateResult {
  const { item } = node;
  const id = idOf(desk, node.at);
  const label = told(desk, item.label, node);
  if (item.type === "note") return html`<div class="notice fill__note" data-at=${node.at}>${icon("info")}<div><p>${label}</p>${item.hint ? html`<p class="small muted">${told(desk, item.hint, node)}</p>` : nothing}</div></div>`;
  if (item.read_only) return reading(desk, node, id);
  const fault = faultText(desk, desk.shown(node.at), node);
  const described = [item.hint ? `${id}-hint` : "", fault ? `${id}-wrong` : ""].filter(Boolean).join(" ");
  if (item.type === "acknowledge") return agreeing(desk, node, id, described, fault);
  const plain = plainFields[item.type];
  const control = plain ? plain(desk, node, { id, described, invalid: Boolean(fault) }) : large(desk, node, id, described, Boolean(fault));
  const style = `field ${fault ? "field--error" : ""} ${node.failed ? "field--failed" : ""}`;
  const inside = html`${hintOf(desk, node, id)} ${wrong(`${id}-wrong`, fault)} ${control} ${drawFinding(desk, node)}`;
  if (isSet(node)) return html`<fieldset class=${style} data-at=${node.at}><legend class="field__label">${label}${optional(desk, node)}</legend>${inside}</fieldset>`;
  if (item.type === "barcode" || plain) return html`<div class=${style} data-at=${node.at}><label class="field__label" for=${id}>${label}${optional(desk, node)}</label>${inside}</div>`;
  return html`<div class=${style} data-at=${node.at} role="group" aria-labelledby="${id}-label"><div class="field__label" id="${id}-label">${label}${optional(desk, node)}</div>${inside}</div>`;
}

function drawRow(desk: Desk, node: Node, row: Node[], place: number): TemplateResult {
  const title = `${told(desk, node.item.label, node)} ${place + 1}`;
  const id = idOf(desk, `${node.at}-${place}-head`);
  const first = row.find((one) => isSeen(one) && !isEmpty(one.value) && ["text", "select_one"].includes(one.item.type));
  const named = first ? ((first.item.choices && told(desk, first.item.choices.find((choice) => choice.name === first.value)?.label, first)) ?? text(first.value)) : "";
  return html`<section class="rowset" aria-labelledby=${id}>
    <div class="rowset__head">
      <h3 id=${id}>${title}${named ? html` <span class="muted">${named}</span>` : nothing}</h3>
      ${node.item.count || node.item.fixed ? nothing : html`<button type="button" class="btn btn--quiet" aria-label=${say(desk, "rowRemove", { name: title })} @click=${() => desk.remove(node, place)}>${icon("trash")}<span>${say(desk, "rowRemoveShort")}</span></button>`}
    </div>
    ${drawAll(desk, row)}
  </section>`;
}

function drawRepeat(desk: Desk, node: Node): TemplateResult {
  const id = idOf(desk, node.at);
  const fault = faultText(desk, desk.shown(node.at), node);
  const most = Number(node.item.parameters?.max ?? 200);
  const name = told(desk, node.item.label, node);
  return html`<div class="repeat ${fault ? "field--error" : ""}" data-at=${node.at} role="group" aria-label=${name}>
    ${hintOf(desk, node, id)} ${wrong(`${id}-wrong`, fault)}
    ${node.rows.map((row, place) => keyed(`${node.rows.length}-${place}`, drawRow(desk, node, row, place)))}
    ${node.rows.length ? nothing : html`<p class="muted">${say(desk, "rowNone", { name })}</p>`}
    ${node.item.count || node.item.fixed || node.rows.length >= most ? nothing : html`<button type="button" class="btn btn--secondary btn--large btn--wide" id=${id} @click=${() => desk.add(node)}>${icon("plus")}<span>${say(desk, "rowAdd", { name })}</span></button>`}
  </div>`;
}

function drawGroup(desk: Desk, node: Node): TemplateResult {
  const id = idOf(desk, `${node.at}-head`);
  const title = told(desk, node.item.label, node);
  return html`<section class="fill__group" aria-labelledby=${title ? id : nothing}>
    ${title ? html`<h3 id=${id}>${title}</h3>` : nothing} ${drawAll(desk, node.children)}
  </section>`;
}

export function drawAll(desk: Desk, nodes: Node[]): TemplateResult {
  return html`${repeat(
    nodes.filter(isSeen),
    (node) => node.at,
    (node) => (node.item.type === "group" ? drawGroup(desk, node) : node.item.type === "repeat" ? drawRepeat(desk, node) : drawQuestion(desk, node)),
  )}`;
}
