/** What the drawing of a question needs of the form it stands in. */
import { labelOf, type Node, type Survey } from "./answers";
import type { Fault } from "./checks";
import { find } from "./expressions";
import { spoken, worded } from "./parts";
import type { Definition, Files, FindingAnswer, Item, Place, Said, Value, Words } from "./types";
import { text } from "./values";

export interface Desk {
  id: string;
  definition: Definition;
  survey: Survey;
  words: Words;
  language: string;
  files: Files;
  place?: Place;
  /** A new answer; ``done`` when the person has left the control, so that faults may be shown. */
  answer(node: Node, value: Value, done: boolean): void;
  decide(node: Node, part: Partial<FindingAnswer>): void;
  add(node: Node): void;
  remove(node: Node, row: number): void;
  /** What is wrong at a path and may be said now. */
  shown(at: string): Fault | null;
  item(path: string): Item | undefined;
}

export const say = (desk: Desk, key: string, values: Record<string, string | number> = {}): string => worded(desk.words, key, values);

export const idOf = (desk: Desk, at: string): string => `${desk.id}-${at.replace(/[^\w-]/g, "-")}`;

/** The form's words in the reader's language, with answers in the place of ``${path}``. */
export function told(desk: Desk, said: Said | undefined, node: Node): string {
  return spoken(said, desk.language).replace(/\$\{\s*([^{}]+?)\s*\}/g, (_whole, path: string) => {
    const value = find(desk.survey.live, path.split("/"), node.steps);
    const names = Array.isArray(value) ? value.map(String) : [text(value)];
    return desk.item(path)?.choices ? names.map((name) => labelOf(desk.item(path), name, desk.language)).join("、") || "…" : text(value) || "…";
  });
}

const codes: Record<string, string> = {
  required: "faultRequired",
  acknowledge: "faultAcknowledge",
  number: "faultNumber",
  integer: "faultInteger",
  least: "faultLeast",
  most: "faultMost",
  choice: "faultChoice",
  place: "faultPlace",
  date: "faultDate",
  time: "faultTime",
  rowsLeast: "faultRowsLeast",
  rowsMost: "faultRowsMost",
  constraint: "faultConstraint",
  findingPhotos: "faultFindingPhotos",
  findingHow: "faultFindingHow",
  findingAfter: "faultFindingAfter",
  findingDays: "faultFindingDays",
};

export function faultText(desk: Desk, fault: Fault | null, node: Node): string {
  if (!fault) return "";
  return told(desk, fault.message, node) || say(desk, codes[fault.code] ?? "faultConstraint", { value: fault.value ?? "" });
}
