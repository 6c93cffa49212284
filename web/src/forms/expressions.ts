/** What an expression of a form is worth on given answers. The server has parsed it into a tree and means the same by it. */
import { call } from "./functions";
import type { Answers, Choice, Expr, Value } from "./types";
import { equal, isAnswers, Many, number, type Seen, truth } from "./values";

/** Names and places in repeats from the top: ["rooms", 0, "area"]. */
export type Step = string | number;

export interface Scene {
  answers: Answers;
  /** The repeat instances around, as names and places from 0: ["rooms", 1, "beds", 0]. */
  at: readonly Step[];
  /** The value of "." */
  self: Value;
  /** This moment as ISO text with its zone, "2026-11-22T09:30:00+08:00". */
  now: string;
  /** The choice a choice filter looks at. */
  choice?: Choice;
  /** The label of a choice of the question at a path. */
  choiceName?: (path: string, name: string) => string;
}

const isInstances = (value: Value): value is Answers[] => Array.isArray(value) && value.length > 0 && value.every(isAnswers);

/** The answer at a path: inside the repeats named by ``at`` that of the same instance, elsewhere of all. */
export function find(answers: Value, names: readonly string[], at: readonly Step[]): Seen {
  let node: Value = answers;
  let used = 0;
  for (const [place, name] of names.entries()) {
    node = isAnswers(node) ? node[name] : undefined;
    const inside = used + 1 < at.length && at[used] === name;
    if (Array.isArray(node) && (inside || isInstances(node))) {
      const rest = names.slice(place + 1);
      if (!rest.length) return new Many(node as Value[]);
      if (!inside) return all(node as Answers[], rest);
      node = (node as Answers[])[at[used + 1] as number];
      used += 2;
    } else if (at[used] === name) used += 1;
  }
  return node;
}

function all(rows: Answers[], names: readonly string[]): Many {
  return new Many(
    rows.flatMap((row) => {
      const found = find(row, names, []);
      return found instanceof Many ? found.each : [found];
    }),
  );
}

const each = (value: Seen): Value[] => (value instanceof Many ? value.each : [value]);

const orders: Record<string, (a: number, b: number) => boolean> = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

const sums: Record<string, (a: number, b: number) => number> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  div: (a, b) => a / b,
  mod: (a, b) => a % b,
};

function operate(sign: string, one: Seen, other: Seen): Seen {
  if (sign === "=" || sign === "!=") return equal(one, other, sign === "=");
  const order = orders[sign];
  if (order) return each(one).some((a) => each(other).some((b) => order(number(a), number(b))));
  const sum = sums[sign];
  if (!sum) throw new Error(`unknown operator ${sign}`);
  return sum(number(one), number(other));
}

/** What the tree is worth in the scene; an unknown kind or function is thrown. */
export function evaluate(tree: Expr, scene: Scene): Seen {
  const [kind, ...parts] = tree;
  switch (kind) {
    case "str":
    case "num":
    case "bool":
      return parts[0] as Value;
    case ".":
      return scene.self;
    case "col":
      return scene.choice?.[parts[0] as string] as Value;
    case "ref":
      return find(scene.answers, (parts[0] as string).split("/"), scene.at);
    case "and":
      return (parts[0] as Expr[]).every((part) => holds(part, scene));
    case "or":
      return (parts[0] as Expr[]).some((part) => holds(part, scene));
    case "neg":
      return -number(evaluate(parts[0] as Expr, scene));
    case "op":
      return operate(parts[0] as string, evaluate(parts[1] as Expr, scene), evaluate(parts[2] as Expr, scene));
    case "call":
      return call(parts[0] as string, parts[1] as Expr[], scene, evaluate);
    default:
      throw new Error(`unknown expression ${String(kind)}`);
  }
}

export const holds = (tree: Expr, scene: Scene): boolean => truth(evaluate(tree, scene));

/** As JSON: nothing for NaN and infinity, a list for many. */
export function plain(seen: Seen): Value {
  if (seen instanceof Many) return seen.each.map(plain) as Value;
  if (typeof seen === "number") return Number.isFinite(seen) ? seen + 0 : null;
  return seen === undefined ? null : seen;
}
