/** The state of a filling: from a form and what was answered follow what is asked, what is wrong, and what was found. Pure. */
import { type Fault, faultOf, findingFaults } from "./checks";
import { evaluate, holds, plain, type Scene, type Step } from "./expressions";
import type { Answers, Choice, Definition, Expr, FindingAnswer, Item, Value } from "./types";
import { isAnswers, isEmpty, number } from "./values";

/** One question, group or repeat as it stands in a filling. */
export interface Node {
  item: Item;
  /** Where its answer is kept: "rooms/0/area". */
  at: string;
  steps: Step[];
  relevant: boolean;
  required: boolean;
  value: Value;
  choices: Choice[];
  fault: Fault | null;
  /** Whether the answer is one of those that open a finding. */
  failed: boolean;
  finding: FindingAnswer;
  children: Node[];
  /** Of a repeat: the questions of each instance. */
  rows: Node[][];
}

export interface Survey {
  nodes: Node[];
  /** What counts: without irrelevant and empty answers, with calculations and findings. */
  answers: Answers;
  faults: Record<string, Fault>;
  /** Answers with calculations, empty groups and instances in their places. */
  live: Answers;
}

export interface Moment {
  /** ISO text with its zone. */
  now: string;
}

interface Run extends Moment {
  live: Answers;
  item: (path: string) => Item | undefined;
  changed: boolean;
}

export const findingsKey = "_findings";
const mostPasses = 20;
const silent = new Set(["calculate", "hidden", "note"]);

const copy = <T>(value: T): T => (value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T));

/** Every question, group and repeat by its path. */
export function index(items: Item[], found = new Map<string, Item>()): Map<string, Item> {
  for (const item of items) {
    found.set(item.path, item);
    if (item.children) index(item.children, found);
  }
  return found;
}

const scene = (run: Run, at: Step[], self: Value, choice?: Choice): Scene => ({
  answers: run.live,
  at,
  self,
  now: run.now,
  choice,
  choiceName: (path, name) => labelOf(run.item(path), name),
});

/** A form newer than this program must not stop the work: what cannot be evaluated here is judged by the server. */
function careful<T>(otherwise: T, act: () => T): T {
  try {
    return act();
  } catch (fault) {
    console.error(fault);
    return otherwise;
  }
}

/** The label of a choice, in the form's first language unless another is asked for; its name where there is none such. */
export function labelOf(item: Item | undefined, name: string, language = ""): string {
  const label = item?.choices?.find((choice) => choice.name === name)?.label;
  return (label && (label[language] ?? Object.values(label)[0])) || name;
}

const says = (run: Run, expr: Expr | null | undefined, at: Step[], self: Value, otherwise: boolean): boolean =>
  expr ? careful(otherwise, () => holds(expr, scene(run, at, self))) : otherwise;

function put(run: Run, into: Answers, name: string, value: Value): void {
  const gone = isEmpty(value);
  if (JSON.stringify(into[name]) === JSON.stringify(gone ? undefined : value)) return;
  if (gone) delete into[name];
  else into[name] = value;
  run.changed = true;
}

const always = (item: Item): boolean => item.type === "calculate" || Boolean(item.read_only);
const recalculates = (item: Item, given: Value): boolean => Boolean(item.calculation) && (always(item) || isEmpty(given));

/** How many instances a repeat has: counted by the form, or as many as were added. */
function rowCount(run: Run, item: Item, at: Step[], given: Value): number {
  if (!item.count) return Array.isArray(given) ? given.length : 0;
  const count = careful(0, () => number(evaluate(item.count as Expr, scene(run, at, null))));
  return Number.isFinite(count) ? Math.max(0, Math.min(200, Math.trunc(count))) : 0;
}

function settleItem(run: Run, item: Item, given: Answers, into: Answers, at: Step[]): void {
  const { name } = item;
  if (!says(run, item.relevant, at, into[name], true)) {
    put(run, into, name, undefined);
    return;
  }
  if (item.type === "group") {
    if (!isAnswers(into[name])) into[name] = {};
    settle(run, item.children ?? [], isAnswers(given[name]) ? given[name] : {}, into[name] as Answers, at);
  } else if (item.type === "repeat") {
    const rows = Array.isArray(into[name]) ? (into[name] as Answers[]) : [];
    const count = rowCount(run, item, at, given[name]);
    if (rows.length !== count) run.changed = true;
    into[name] = Array.from({ length: count }, (_none, row) => rows[row] ?? {});
    const told = (Array.isArray(given[name]) ? given[name] : []) as Answers[];
    for (let row = 0; row < count; row += 1) settle(run, item.children ?? [], told[row] ?? {}, (into[name] as Answers[])[row] as Answers, [...at, row]);
  } else if (recalculates(item, given[name])) {
    put(run, into, name, careful(null, () => plain(evaluate(item.calculation as Expr, scene(run, at, into[name])))));
  } else {
    put(run, into, name, item.type === "note" ? undefined : given[name]);
  }
}

function settle(run: Run, items: Item[], given: Answers, into: Answers, at: Step[]): void {
  for (const item of items) settleItem(run, item, given, into, [...at, item.name]);
}

/** Groups without an answer are left out. */
function prune(answers: Answers): Answers {
  for (const [name, value] of Object.entries(answers)) {
    if (Array.isArray(value)) for (const row of value) if (isAnswers(row)) prune(row);
    if (isAnswers(value) && Object.keys(prune(value)).length === 0) delete answers[name];
    if (Array.isArray(value) && value.length === 0) delete answers[name];
  }
  return answers;
}

/** Answers to questions this form has: what an earlier version of it asked is left out. */
function asked(items: readonly Item[], answers: Answers): Answers {
  const kept: Answers = {};
  for (const item of items) {
    const value = answers[item.name];
    if (value === undefined) continue;
    const children = item.children ?? [];
    if (item.type === "group") {
      if (isAnswers(value)) kept[item.name] = asked(children, value);
    } else if (item.type === "repeat") {
      if (Array.isArray(value)) kept[item.name] = (value as Answers[]).filter(isAnswers).map((row) => asked(children, row));
    } else kept[item.name] = value;
  }
  return kept;
}

function chosen(run: Run, item: Item, at: Step[], self: Value): Choice[] {
  const all = item.choices ?? [];
  const filter = item.choice_filter;
  return filter ? all.filter((choice) => careful(true, () => holds(filter, scene(run, at, self, choice)))) : all;
}

const fails = (item: Item, value: Value): boolean => (Array.isArray(value) ? (value as string[]) : [value as string]).some((one) => item.finding?.fails.includes(one) ?? false);

function look(run: Run, item: Item, here: Answers | undefined, at: Step[], findings: Record<string, FindingAnswer>, visible: boolean): Node {
  const value = here?.[item.name];
  const relevant = visible && says(run, item.relevant, at, value, true);
  const path = at.join("/");
  const failed = relevant && fails(item, value);
  const node: Node = {
    item,
    at: path,
    steps: at,
    relevant,
    required: relevant && !silent.has(item.type) && (typeof item.required === "object" && item.required ? says(run, item.required, at, value, false) : item.required === true),
    value,
    choices: relevant ? chosen(run, item, at, value) : [],
    fault: null,
    failed,
    finding: failed ? (findings[path] ?? {}) : {},
    children: [],
    rows: [],
  };
  const below = (rows: Answers | undefined, steps: Step[]): Node[] => (item.children ?? []).map((child) => look(run, child, rows, [...steps, child.name], findings, relevant));
  if (item.type === "group") node.children = below(isAnswers(value) ? value : undefined, at);
  if (item.type === "repeat" && Array.isArray(value)) node.rows = (value as Answers[]).map((row, place) => below(row, [...at, place]));
  if (relevant) node.fault = faultOf(node, () => says(run, item.constraint, at, value, true));
  return node;
}

export function* every(nodes: Node[]): Generator<Node> {
  for (const node of nodes) {
    yield node;
    yield* every(node.children);
    for (const row of node.rows) yield* every(row);
  }
}

/** Take in everything that follows from the answers given; those of questions not asked are kept by the caller, not here. */
export function survey(definition: Definition, given: Answers, moment: Moment): Survey {
  const known = index(definition.items);
  const run: Run = { ...moment, live: copy(given), item: (path) => known.get(path), changed: true };
  const findings = (isAnswers(given[findingsKey]) ? given[findingsKey] : {}) as Record<string, FindingAnswer>;
  delete run.live[findingsKey];
  for (let pass = 0; run.changed && pass < mostPasses; pass += 1) {
    run.changed = false;
    settle(run, definition.items, given, run.live, []);
  }
  const nodes = definition.items.map((item) => look(run, item, run.live, [item.name], findings, true));
  const answers = prune(asked(definition.items, copy(run.live)));
  const faults: Record<string, Fault> = {};
  const kept: Record<string, FindingAnswer> = {};
  for (const node of every(nodes)) {
    if (node.fault) faults[node.at] = node.fault;
    if (!node.failed || !node.item.finding) continue;
    kept[node.at] = copy(node.finding);
    for (const [part, fault] of Object.entries(findingFaults(node.item.finding, node.finding))) faults[`${node.at}#${part}`] = fault;
  }
  if (Object.keys(kept).length) answers[findingsKey] = kept as unknown as Answers;
  return { nodes, answers, faults, live: run.live };
}

/** The answers a filling begins with: defaults where nothing was said yet. */
export function begin(items: Item[], given: Answers): Answers {
  const begun: Answers = { ...given };
  for (const item of items) {
    const told = begun[item.name];
    if (item.type === "group") begun[item.name] = begin(item.children ?? [], isAnswers(told) ? told : {});
    else if (item.type === "repeat") begun[item.name] = ((Array.isArray(told) ? told : []) as Answers[]).map((row) => begin(item.children ?? [], row));
    else if (told === undefined && !isEmpty(item.default)) begun[item.name] = copy(item.default);
  }
  return begun;
}

/** The same answers with one changed; instances of repeats on the way are made. */
export function answered(given: Value, steps: readonly Step[], value: Value): Value {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (typeof step === "number") {
    const rows = Array.isArray(given) ? ([...given] as Value[]) : [];
    rows[step] = answered(rows[step], rest, value);
    return rows as Answers[];
  }
  const all = isAnswers(given) ? given : {};
  return { ...all, [step]: answered(all[step], rest, value) };
}

/** Findings follow their instance when an earlier one is taken away. */
function moved(findings: Record<string, FindingAnswer>, repeat: string, gone: number): Record<string, FindingAnswer> {
  const left: Record<string, FindingAnswer> = {};
  for (const [path, one] of Object.entries(findings)) {
    const [row, ...rest] = path.startsWith(`${repeat}/`) ? path.slice(repeat.length + 1).split("/") : [];
    if (row === undefined || Number(row) < gone) left[path] = one;
    else if (Number(row) > gone) left[[repeat, Number(row) - 1, ...rest].join("/")] = one;
  }
  return left;
}

export function withRow(given: Answers, node: Node): Answers {
  const told = valueAt(given, node.steps);
  const rows = (Array.isArray(told) ? told : []) as Answers[];
  return answered(given, node.steps, [...rows, begin(node.item.children ?? [], {})]) as Answers;
}

export function withoutRow(given: Answers, node: Node, gone: number): Answers {
  const told = valueAt(given, node.steps);
  const rows = (Array.isArray(told) ? told : []) as Answers[];
  const left = answered(given, node.steps, rows.filter((_row, place) => place !== gone)) as Answers;
  const findings = left[findingsKey];
  return isAnswers(findings) ? { ...left, [findingsKey]: moved(findings as unknown as Record<string, FindingAnswer>, node.at, gone) as unknown as Answers } : left;
}

export function valueAt(given: Value, steps: readonly Step[]): Value {
  let value: Value = given;
  for (const step of steps) {
    if (typeof step === "number") value = Array.isArray(value) ? (value[step] as Value) : undefined;
    else value = isAnswers(value) ? value[step] : undefined;
  }
  return value;
}

/** What was calculated is laid over what was given, so that "once" holds; answers not asked for stay. */
export function overlaid(given: Answers, nodes: Node[]): Answers {
  let laid = given;
  for (const node of every(nodes)) {
    if (node.relevant && node.item.calculation && always(node.item)) laid = answered(laid, node.steps, node.value ?? null) as Answers;
  }
  return laid;
}
