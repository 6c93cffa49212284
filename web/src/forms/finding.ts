/** What opens under a failed answer: pictures, how bad it is, put right at once or handed over, and until when. */
import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import type { Node } from "./answers";
import { type Desk, faultText, idOf, say, told } from "./desk";
import { icon, wrong } from "./parts";
import type { FindingAnswer, FindingRule, Severity } from "./types";

const severities: Severity[] = ["minor", "serious", "at_once"];
const usualDays = [1, 3, 7, 15, 30];
const mostPhotos = 9;
const day = 86_400_000;

interface Part {
  desk: Desk;
  node: Node;
  rule: FindingRule;
  name: string;
}

/** A set of large choices of one part. */
function options<T extends string | number>(part: Part, chosen: T | undefined, all: [T, string, string?][], pick: (one: T) => Partial<FindingAnswer>): TemplateResult {
  const { desk, node, name } = part;
  const at = `${node.at}#${name}`;
  const id = idOf(desk, at);
  const fault = faultText(desk, desk.shown(at), node);
  return html`<fieldset class="field ${fault ? "field--error" : ""}" data-at=${at} aria-describedby=${fault ? `${id}-wrong` : nothing}>
    <legend class="field__label">${say(desk, `finding_${name}`)}</legend>
    ${wrong(`${id}-wrong`, fault)}
    <div class="choices finding__${name}">
      ${all.map(
        ([one, title, hint]) => html`<label class="choice">
          <input type="radio" name=${id} value=${one} .checked=${live(chosen === one)} aria-invalid=${fault ? "true" : nothing} @change=${() => desk.decide(node, pick(one))} />
          <span><span class="choice__title">${title}</span>${hint ? html`<span class="choice__hint">${hint}</span>` : nothing}</span>
        </label>`,
      )}
    </div>
  </fieldset>`;
}

function pictures(part: Part, ids: string[] | undefined, keep: (ids: string[]) => Partial<FindingAnswer>): TemplateResult {
  const { desk, node, name } = part;
  const at = `${node.at}#${name}`;
  const id = idOf(desk, at);
  const fault = faultText(desk, desk.shown(at), node);
  const label = say(desk, `finding_${name}`);
  return html`<div class="field ${fault ? "field--error" : ""}" data-at=${at} role="group" aria-labelledby="${id}-label">
    <div class="field__label" id="${id}-label">${label}</div>
    ${wrong(`${id}-wrong`, fault)}
    <hy-photos
      .value=${ids ?? []}
      .words=${desk.words}
      .files=${desk.files}
      .many=${mostPhotos}
      .label=${label}
      .key=${id}
      .invalid=${Boolean(fault)}
      .describedby=${fault ? `${id}-wrong` : ""}
      @answer=${(event: CustomEvent<string[] | null>) => desk.decide(node, keep(event.detail ?? []))}
    ></hy-photos>
  </div>`;
}

function until(part: Part, days: number): TemplateResult {
  const { desk, rule } = part;
  const all = [...new Set([...usualDays, rule.days, days])].filter((one) => Number.isInteger(one) && one >= 0).sort((a, b) => a - b);
  const date = new Intl.DateTimeFormat(desk.language === "zh" ? "zh-CN" : desk.language, { month: "long", day: "numeric", weekday: "short", timeZone: "Asia/Shanghai" });
  return html`${options(part, days, all.map((one): [number, string] => [one, say(desk, one === 0 ? "findingToday" : one === 1 ? "findingDay" : "findingInDays", { days: one })]), (one) => ({ days: one }))}
    <p class="finding__until">${icon("calendar")} ${say(desk, "findingUntil", { date: date.format(Date.now() + days * day) })}</p>`;
}

function note(part: Part, said: string): TemplateResult {
  const { desk, node } = part;
  const id = idOf(desk, `${node.at}#note`);
  const keep = (event: Event): void => desk.decide(node, { note: (event.target as HTMLTextAreaElement).value });
  return html`<div class="field">
    <label class="field__label" for=${id}>${say(desk, "finding_note")} <span class="field__optional">${say(desk, "optional")}</span></label>
    <textarea id=${id} rows="2" maxlength="1000" .value=${live(said)} @input=${keep}></textarea>
  </div>`;
}

export function drawFinding(desk: Desk, node: Node): TemplateResult | typeof nothing {
  const rule = node.item.finding;
  if (!rule || !node.failed) return nothing;
  const { finding } = node;
  const part = (name: string): Part => ({ desk, node, rule, name });
  const how = finding.how ?? (rule.on_spot ? undefined : "case");
  const ways: ["on_spot" | "case", string, string][] = [
    ["on_spot", say(desk, "findingOnSpot"), say(desk, "findingOnSpotHint")],
    ["case", say(desk, "findingCase"), say(desk, "findingCaseHint")],
  ];
  return html`<section class="finding" aria-label=${say(desk, "findingOf", { question: told(desk, node.item.label, node) })}>
    <p class="finding__head">${icon("flag")}<span>${say(desk, "findingTitle")}</span></p>
    ${pictures(part("photos"), finding.photos, (photos) => ({ photos }))}
    ${options(
      part("severity"),
      finding.severity ?? rule.severity,
      severities.map((one): [Severity, string] => [one, say(desk, `severity_${one}`)]),
      (severity) => ({ severity }),
    )}
    ${rule.on_spot ? options(part("how"), how, ways, (one) => ({ how: one })) : html`<p class="finding__only">${icon("send")}<span>${say(desk, "findingCaseHint")}</span></p>`}
    ${how === "on_spot" ? pictures(part("after"), finding.after, (after) => ({ after })) : nothing}
    ${how === "case" ? until(part("days"), finding.days ?? rule.days) : nothing}
    ${note(part("note"), finding.note ?? "")}
  </section>`;
}
