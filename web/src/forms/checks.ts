/** What can be wrong with an answer, named by a code that the words of the page turn into a sentence. Pure. */
import type { Node } from "./answers";
import type { FindingAnswer, FindingRule, Said } from "./types";
import { dayOf, isEmpty, momentOf } from "./values";

export interface Fault {
  code: string;
  /** The form's own words for it. */
  message?: Said;
  value?: string | number;
}

const clock = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?$/;
const decided = new Set(["on_spot", "case"]);

const limit = (node: Node, name: string): number | null => {
  const said = node.item.parameters?.[name];
  return said === undefined || said === "" || Number.isNaN(Number(said)) ? null : Number(said);
};

function ofNumber(node: Node): Fault | null {
  const { value } = node;
  if (typeof value !== "number" || !Number.isFinite(value)) return { code: "number" };
  if (node.item.type === "integer" && !Number.isInteger(value)) return { code: "integer" };
  if (node.item.type !== "range") return null;
  const [start, end] = [limit(node, "start") ?? 0, limit(node, "end") ?? 10];
  if (value < Math.min(start, end)) return { code: "least", value: Math.min(start, end) };
  return value > Math.max(start, end) ? { code: "most", value: Math.max(start, end) } : null;
}

function ofChoice(node: Node): Fault | null {
  const offered = new Set(node.choices.map((choice) => choice.name));
  const said = Array.isArray(node.value) ? (node.value as string[]) : [node.value as string];
  return said.every((one) => offered.has(one)) ? null : { code: "choice" };
}

function ofPlace(node: Node): Fault | null {
  const [lon, lat] = Array.isArray(node.value) ? (node.value as number[]) : [];
  const sound = typeof lon === "number" && typeof lat === "number" && Math.abs(lon) <= 180 && Math.abs(lat) <= 90;
  return sound ? null : { code: "place" };
}

const ofDate = (node: Node): Fault | null => (typeof node.value === "string" && !Number.isNaN((node.item.type === "date" ? dayOf : momentOf)(node.value)) ? null : { code: "date" });
const ofTime = (node: Node): Fault | null => (typeof node.value === "string" && clock.test(node.value) ? null : { code: "time" });

const shapes: Record<string, (node: Node) => Fault | null> = {
  integer: ofNumber,
  decimal: ofNumber,
  range: ofNumber,
  select_one: ofChoice,
  select_multiple: ofChoice,
  geopoint: ofPlace,
  date: ofDate,
  datetime: ofDate,
  time: ofTime,
};

function ofRows(node: Node): Fault | null {
  const [least, most] = [limit(node, "min") ?? (node.required ? 1 : 0), limit(node, "max")];
  if (node.rows.length < least) return { code: "rowsLeast", value: least };
  return most !== null && node.rows.length > most ? { code: "rowsMost", value: most } : null;
}

/** What is wrong with the answer of a question that is asked; ``holds`` says whether its constraint does. */
export function faultOf(node: Node, holds: () => boolean): Fault | null {
  const { item, value } = node;
  if (item.type === "repeat") return ofRows(node);
  if (item.type === "group" || item.type === "note") return null;
  if (isEmpty(value) || (item.type === "acknowledge" && value !== true)) return node.required ? { code: item.type === "acknowledge" ? "acknowledge" : "required" } : null;
  const fault = item.type === "calculate" ? null : (shapes[item.type]?.(node) ?? null);
  if (fault) return fault;
  return holds() ? null : { code: "constraint", message: item.constraint_message };
}

/** What is still to be decided about a failed question, by part: photos, how, after, days. */
export function findingFaults(rule: FindingRule, finding: FindingAnswer): Record<string, Fault> {
  const faults: Record<string, Fault> = {};
  const how = finding.how ?? (rule.on_spot ? undefined : "case");
  if (!finding.photos?.length) faults.photos = { code: "findingPhotos" };
  if (!how || !decided.has(how) || (how === "on_spot" && !rule.on_spot)) faults.how = { code: "findingHow" };
  if (how === "on_spot" && !finding.after?.length) faults.after = { code: "findingAfter" };
  const due = finding.days ?? rule.days;
  if (typeof due !== "number" || !Number.isInteger(due) || due < 0 || due > 365) faults.days = { code: "findingDays" };
  return faults;
}
