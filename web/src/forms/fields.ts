/** The plain controls: text, numbers, days, choices, ranges. */
import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import type { Node } from "./answers";
import { type Desk, say, told } from "./desk";
import { icon } from "./parts";
import type { Choice, Value } from "./types";
import { text } from "./values";

interface Marks {
  id: string;
  described: string;
  invalid: boolean;
}

type Draw = (desk: Desk, node: Node, marks: Marks) => TemplateResult;

const typed = (event: Event): string => (event.target as HTMLInputElement).value;
const numberShape = /^-?\d+(\.\d+)?$/;

/** What was typed into a field of numbers: a number, or the text as it is so that it can be mended. Full-width digits count. */
export function asNumber(said: string): Value {
  const plain = said.normalize("NFKC").replace("−", "-").trim();
  return numberShape.test(plain) ? Number(plain) : plain || null;
}

const writing: Draw = (desk, node, { id, described, invalid }) => {
  const { item } = node;
  const common = { done: (event: Event) => desk.answer(node, typed(event) || null, true), now: (event: Event) => desk.answer(node, typed(event) || null, false) };
  if (/\bmultiline\b/.test(item.appearance ?? "")) {
    return html`<textarea id=${id} rows="3" maxlength="5000" .value=${live(text(node.value))} aria-describedby=${described || nothing} aria-invalid=${invalid ? "true" : nothing} @input=${common.now} @change=${common.done}></textarea>`;
  }
  const digits = /\bnumbers\b/.test(item.appearance ?? "");
  return html`<input
    type="text"
    id=${id}
    maxlength="5000"
    inputmode=${digits ? "numeric" : nothing}
    autocomplete="off"
    .value=${live(text(node.value))}
    aria-describedby=${described || nothing}
    aria-required=${node.required ? "true" : nothing}
    aria-invalid=${invalid ? "true" : nothing}
    @input=${common.now}
    @change=${common.done}
  />`;
};

const counting: Draw = (desk, node, { id, described, invalid }) => {
  const shown = (field: HTMLInputElement | null): string => (field && document.activeElement === field && asNumber(field.value) === (node.value ?? null) ? field.value : text(node.value));
  return html`<input
    type="text"
    class="fill__number"
    id=${id}
    maxlength="20"
    inputmode=${node.item.type === "integer" ? "numeric" : "decimal"}
    autocomplete="off"
    .value=${live(shown(document.getElementById(id) as HTMLInputElement | null))}
    aria-describedby=${described || nothing}
    aria-required=${node.required ? "true" : nothing}
    aria-invalid=${invalid ? "true" : nothing}
    @input=${(event: Event) => desk.answer(node, asNumber(typed(event)), false)}
    @change=${(event: Event) => desk.answer(node, asNumber(typed(event)), true)}
  />`;
};

const natives: Record<string, string> = { date: "date", time: "time", datetime: "datetime-local" };

const timing: Draw = (desk, node, { id, described, invalid }) => html`<input
  type=${natives[node.item.type] ?? "date"}
  id=${id}
  .value=${live(text(node.value).slice(0, 16))}
  aria-describedby=${described || nothing}
  aria-required=${node.required ? "true" : nothing}
  aria-invalid=${invalid ? "true" : nothing}
  @input=${(event: Event) => desk.answer(node, typed(event) || null, false)}
  @change=${(event: Event) => desk.answer(node, typed(event) || null, true)}
/>`;

const listing: Draw = (desk, node, { id, described, invalid }) => html`<select
  id=${id}
  aria-describedby=${described || nothing}
  aria-required=${node.required ? "true" : nothing}
  aria-invalid=${invalid ? "true" : nothing}
  @change=${(event: Event) => desk.answer(node, typed(event) || null, true)}
>
  <option value="" .selected=${live(!node.value)}>${say(desk, "choose")}</option>
  ${node.choices.map((choice) => html`<option value=${choice.name} .selected=${live(node.value === choice.name)}>${told(desk, choice.label, node)}</option>`)}
</select>`;

const notApplicable = /^(na|n_a|n-a|not_applicable|none_here|不适用)$/i;

/** Of a question that can fail: what an answer means, told by a shape. */
function verdict(node: Node, choice: Choice): "pass" | "fail" | "none" {
  if (node.item.finding?.fails.includes(choice.name)) return "fail";
  return notApplicable.test(choice.name) || /不适用|不涉及/.test(choice.label.zh ?? "") ? "none" : "pass";
}

/** Whether the answers are: pass, fail, and perhaps not applicable. */
function isVerdict(node: Node): boolean {
  const means = node.item.finding ? node.choices.map((choice) => verdict(node, choice)) : [];
  return means.length <= 3 && means.filter((one) => one === "pass").length === 1 && means.filter((one) => one === "fail").length === 1;
}

const shapes = { pass: "check", fail: "close", none: "minus" };

function judging(desk: Desk, node: Node, { id, described, invalid }: Marks): TemplateResult {
  return html`<div class="verdicts verdicts--${node.choices.length}">
    ${node.choices.map((choice, place) => {
      const means = verdict(node, choice);
      return html`<label class="verdict verdict--${means}">
        <input
          type="radio"
          name=${id}
          id=${place ? nothing : id}
          value=${choice.name}
          .checked=${live(node.value === choice.name)}
          aria-describedby=${described || nothing}
          aria-invalid=${invalid ? "true" : nothing}
          @change=${() => desk.answer(node, choice.name, true)}
        />
        <span class="verdict__mark">${icon(shapes[means])}</span>
        <span class="verdict__words">${told(desk, choice.label, node)}</span>
      </label>`;
    })}
  </div>`;
}

const choosing: Draw = (desk, node, marks) => {
  if (isVerdict(node)) return judging(desk, node, marks);
  const many = node.item.type === "select_multiple";
  const chosen = many ? (Array.isArray(node.value) ? (node.value as string[]) : []) : [node.value as string];
  const pick = (name: string, on: boolean): void => {
    const order = node.choices.map((choice) => choice.name);
    const all = on ? [...chosen, name] : chosen.filter((one) => one !== name);
    desk.answer(node, many ? order.filter((one) => all.includes(one)) : name, true);
  };
  const short = node.choices.every((choice) => told(desk, choice.label, node).length <= 6);
  return html`<div class="choices ${short ? "choices--narrow" : ""}">
      ${node.choices.map(
        (choice, place) => html`<label class="choice">
          <input
            type=${many ? "checkbox" : "radio"}
            name=${marks.id}
            id=${place ? nothing : marks.id}
            value=${choice.name}
            .checked=${live(chosen.includes(choice.name))}
            aria-describedby=${marks.described || nothing}
            aria-invalid=${marks.invalid ? "true" : nothing}
            @change=${(event: Event) => pick(choice.name, (event.target as HTMLInputElement).checked)}
          /><span>${told(desk, choice.label, node)}</span>
        </label>`,
      )}
    </div>
    ${node.choices.length ? nothing : html`<p class="muted">${say(desk, "noChoices")}</p>`}
    ${!many && !node.required && node.value ? html`<button type="button" class="btn btn--quiet fill__clear" @click=${() => desk.answer(node, null, true)}>${icon("undo", "icon--small")}<span>${say(desk, "clear")}</span></button>` : nothing}`;
};

const ranging: Draw = (desk, node, { id, described, invalid }) => {
  const limit = (name: string, otherwise: number): number => Number(node.item.parameters?.[name] ?? otherwise);
  const [start, end, step] = [limit("start", 0), limit("end", 10), Math.abs(limit("step", 1)) || 1];
  const [low, high] = [Math.min(start, end), Math.max(start, end)];
  const value = typeof node.value === "number" ? node.value : null;
  const nudge = (by: number): void => desk.answer(node, Number(Math.max(low, Math.min(high, value === null ? low : value + by)).toFixed(6)), true);
  const set = (event: Event): void => desk.answer(node, Number(typed(event)), event.type === "change");
  return html`<div class="range">
    <button type="button" class="btn btn--secondary btn--icon" aria-label=${say(desk, "rangeLess")} @click=${() => nudge(-step)}>${icon("minus")}</button>
    <div class="range__middle">
      <output class="range__value" for=${id}>${value ?? say(desk, "rangeNone")}</output>
      <input
        type="range"
        id=${id}
        class="range__slide"
        min=${low}
        max=${high}
        step=${step}
        .value=${live(String(value ?? low))}
        aria-valuetext=${value === null ? say(desk, "rangeNone") : nothing}
        aria-describedby=${described || nothing}
        aria-invalid=${invalid ? "true" : nothing}
        @input=${set}
        @change=${set}
      />
      <span class="range__ends" aria-hidden="true"><span>${low}</span><span>${high}</span></span>
    </div>
    <button type="button" class="btn btn--secondary btn--icon" aria-label=${say(desk, "rangeMore")} @click=${() => nudge(step)}>${icon("plus")}</button>
  </div>`;
};

export const plainFields: Record<string, Draw | undefined> = {
  text: writing,
  integer: counting,
  decimal: counting,
  date: timing,
  time: timing,
  datetime: timing,
  select_one: (desk, node, marks) => (/\b(minimal|autocomplete|search)\b/.test(node.item.appearance ?? "") || node.choices.length > 15 ? listing(desk, node, marks) : choosing(desk, node, marks)),
  select_multiple: choosing,
  range: ranging,
};

/** Questions whose control is a set of controls: they are a fieldset with a legend. */
export const isSet = (node: Node): boolean => {
  if (node.item.type === "select_multiple") return true;
  return node.item.type === "select_one" && !/\b(minimal|autocomplete|search)\b/.test(node.item.appearance ?? "") && node.choices.length <= 15;
};
