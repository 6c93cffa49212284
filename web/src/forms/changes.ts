/** What a correction changed, answer by answer, by instance path ("rooms/0/area"), as the server puts it in. Pure. */
import { findingsKey } from "./answers";
import type { Answers, Definition, Item, Value } from "./types";
import { isAnswers, isEmpty } from "./values";

export type Changes = Record<string, Value>;

const same = (one: Value, other: Value): boolean => (isEmpty(one) && isEmpty(other)) || JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));

/** The same however the names of an object are ordered. */
function sorted(value: Value): unknown {
  if (Array.isArray(value)) return (value as Value[]).map(sorted);
  if (!isAnswers(value)) return value ?? null;
  return Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])]));
}

const calculated = (item: Item): boolean => item.type === "calculate" || item.type === "note" || Boolean(item.calculation && item.read_only);

function compare(items: readonly Item[], before: Answers, after: Answers, at: string, found: Changes): void {
  for (const item of items) {
    const [old, now, path] = [before[item.name], after[item.name], at + item.name];
    if (calculated(item)) continue;
    if (item.type === "group") compare(item.children ?? [], isAnswers(old) ? old : {}, isAnswers(now) ? now : {}, `${path}/`, found);
    else if (item.type === "repeat" && Array.isArray(old) && Array.isArray(now) && old.length === now.length)
      (now as Answers[]).forEach((row, place) => compare(item.children ?? [], (old as Answers[])[place] as Answers, row, `${path}/${place}/`, found));
    else if (!same(old, now)) found[path] = now ?? null;
  }
}

/** New answers where they differ, null for one that was taken away; what follows by calculation is the server's. */
export function changesOf(definition: Definition, before: Answers, after: Answers): Changes {
  const found: Changes = {};
  compare(definition.items, before, after, "", found);
  const [old, now] = [before[findingsKey], after[findingsKey]].map((one) => (isAnswers(one) ? one : {})) as [Answers, Answers];
  for (const path of new Set([...Object.keys(old), ...Object.keys(now)])) if (!same(old[path], now[path])) found[`${findingsKey}/${path}`] = now[path] ?? null;
  return found;
}

const stepsOf = (path: string): string[] => (path.startsWith(`${findingsKey}/`) ? [findingsKey, path.slice(findingsKey.length + 1)] : path.split("/"));

/** The answer at a path; null where there is none. */
export function seenAt(answers: Answers, path: string): Value {
  let value: Value = answers;
  for (const step of stepsOf(path)) {
    if (Array.isArray(value)) value = (value as Value[])[Number(step)];
    else value = isAnswers(value) ? value[step] : null;
  }
  return value ?? null;
}

/** The answers with these in their stead. */
export function withChanges(answers: Answers, changes: Changes): Answers {
  const whole = JSON.parse(JSON.stringify(answers)) as Answers;
  for (const [path, value] of Object.entries(changes)) {
    const steps = stepsOf(path);
    const last = steps.pop() as string;
    let node: Value = whole;
    for (const step of steps) {
      if (Array.isArray(node)) node = (node as Value[])[Number(step)];
      else if (isAnswers(node)) node = node[step] = node[step] ?? {};
    }
    if (!isAnswers(node)) continue;
    if (value === null) delete node[last];
    else node[last] = value;
  }
  return whole;
}

const pattern = (path: string): string => path.split("/").filter((step) => !/^\d+$/.test(step)).join("/");

/** The form without the questions whose answers are sealed and not on this device: they stay as they are, and so do the rows they stand in. */
export function withoutSealed(definition: Definition, sealed: readonly string[]): Definition {
  const gone = new Set(sealed.map(pattern));
  const holds = (item: Item): boolean => item.type === "repeat" && [...gone].some((path) => path.startsWith(`${item.path}/`));
  const left = (items: readonly Item[]): Item[] => items.filter((item) => !gone.has(item.path)).map((item) => (item.children ? { ...item, ...(holds(item) ? { fixed: true } : {}), children: left(item.children) } : item));
  return gone.size ? { ...definition, items: left(definition.items) } : definition;
}

/** Changes that would send the rows of a fixed list whole and so lose what is sealed in them. */
export function loseSealed(definition: Definition, changes: Changes): string[] {
  const fixed = new Set<string>();
  const walk = (items: readonly Item[]): void => items.forEach((item) => { if (item.fixed) fixed.add(item.path); walk(item.children ?? []); });
  walk(definition.items);
  return Object.keys(changes).filter((path) => fixed.has(pattern(path)));
}
