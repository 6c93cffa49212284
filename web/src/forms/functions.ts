/** The functions of form expressions, on values; the same as the server's. */
import type { Scene } from "./expressions";
import { matches } from "./patterns";
import type { Expr, Value } from "./types";
import { dayOf, days, dayText, isEmpty, isNothing, Many, momentOf, number, type Seen, text, truth } from "./values";

type Evaluate = (expr: Expr, scene: Scene) => Seen;
type Plain = (...given: Seen[]) => Seen;
type Lazy = (given: Expr[], scene: Scene, evaluate: Evaluate) => Seen;

const earthRadius = 6_378_100; // metres, as other programs for XLSForm take it
const mostText = 10_000;

const names = (value: Seen): string[] =>
  Array.isArray(value)
    ? value.map((one) => text(one as Value))
    : text(value)
        .split(/[ \t\r\n]+/)
        .filter(Boolean);
const spread = (given: Seen[]): Value[] => given.flatMap((one) => (one instanceof Many ? one.each : Array.isArray(one) ? (one as Value[]) : [one]));
const opened = (given: Seen[]): Value[] => given.flatMap((one) => (one instanceof Many ? one.each : [one]));
const numbers = (given: Seen[]): number[] => spread(given).flatMap((one) => (isNothing(one) ? [] : [number(one)]));
const two = (value: number): string => String(value).padStart(2, "0");

/** Milliseconds of the local clock a value names: an ISO text, or days since 1970. */
function localOf(value: Seen): number {
  const written = text(value);
  const moment = momentOf(written);
  if (!Number.isNaN(moment)) return moment;
  return dayOf(typeof value === "number" && Number.isFinite(value) ? dayText(value) : written);
}

function formatDate(value: Seen, pattern: Seen): string {
  const local = localOf(value);
  if (Number.isNaN(local)) return "";
  const at = new Date(local);
  const [year, month, date, hour] = [at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate(), at.getUTCHours()];
  const shown: Record<string, string> = {
    "%Y": String(year).padStart(4, "0"),
    "%y": two(year % 100),
    "%m": two(month),
    "%n": String(month),
    "%d": two(date),
    "%e": String(date),
    "%H": two(hour),
    "%h": String(hour),
    "%M": two(at.getUTCMinutes()),
    "%S": two(at.getUTCSeconds()),
    "%3": String(at.getUTCMilliseconds()).padStart(3, "0"),
    "%%": "%",
  };
  return text(pattern).replace(/%./gu, (sign) => shown[sign] ?? sign);
}

function round(value: Seen, digits: Seen = 0): number {
  const [amount, places] = [number(value), number(digits)];
  if (!Number.isFinite(amount) || !Number.isFinite(places)) return NaN;
  const factor = 10 ** Math.max(-15, Math.min(15, Math.trunc(places)));
  const scaled = amount * factor + 0.5;
  return Number.isFinite(scaled) ? Math.floor(scaled) / factor : amount;
}

function power(base: Seen, exponent: Seen): number {
  const [low, high] = [number(base), number(exponent)];
  if (low === 1) return 1;
  if (low === 0 && high < 0) return NaN;
  const raised = low ** high;
  return raised === -Infinity && Number.isFinite(low) ? Infinity : raised;
}

function cut(value: Seen, start: Seen, end?: Seen): string {
  const place = (at: number): number => (Number.isNaN(at) ? 0 : Math.trunc(Math.max(-mostText, Math.min(mostText, at))));
  const last = end === undefined ? Infinity : number(end);
  return [...text(value)].slice(place(number(start)), last === Infinity ? undefined : place(last)).join("");
}

function translate(value: Seen, from: Seen, to: Seen): string {
  const [old, fresh] = [[...text(from)], [...text(to)]];
  return [...text(value)].map((one) => (old.includes(one) ? (fresh[old.indexOf(one)] ?? "") : one)).join("");
}

/** (longitude, latitude) in degrees, where the value is a position. */
function point(value: Value): [number, number][] {
  if (!Array.isArray(value) || value.length < 2) return [];
  const [lon, lat] = [number(value[0] as Value), number(value[1] as Value)];
  return Math.abs(lon) <= 180 && Math.abs(lat) <= 90 ? [[lon, lat]] : [];
}

/** Metres along positions given one by one or as the answers of a repeat; NaN for fewer than two. */
function distance(...given: Seen[]): number {
  const way = opened(given).flatMap(point);
  if (way.length < 2) return NaN;
  const rad = Math.PI / 180;
  return way.slice(1).reduce((metres, [lon2, lat2], before) => {
    const [lon, lat] = way[before] as [number, number];
    const part = Math.sin(((lat2 - lat) * rad) / 2) ** 2 + Math.cos(lat * rad) * Math.cos(lat2 * rad) * Math.sin(((lon2 - lon) * rad) / 2) ** 2;
    return metres + 2 * earthRadius * Math.asin(Math.min(1, Math.sqrt(part)));
  }, 0);
}

function nowText(scene: Scene): string {
  const local = momentOf(scene.now);
  return Number.isNaN(local) ? "" : `${new Date(Math.floor(local / 1000) * 1000).toISOString().slice(0, 19)}+08:00`;
}

const extreme = (given: Seen[], choose: (...all: number[]) => number): number => {
  const found = numbers(given);
  return found.length ? choose(...found) : NaN;
};

const plain: Record<string, Plain> = {
  selected: (value, name) => names(value).includes(text(name)),
  "count-selected": (value) => names(value).length,
  coalesce: (...given) => given.find((one) => !isNothing(one) && !(Array.isArray(one) && !one.length) && !(one instanceof Many && !one.each.length)) ?? "",
  not: (value) => !truth(value),
  true: () => true,
  false: () => false,
  regex: (value, pattern) => matches(text(value), text(pattern)),
  "string-length": (value) => [...text(value)].length,
  contains: (value, part) => text(value).includes(text(part)),
  "starts-with": (value, part) => text(value).startsWith(text(part)),
  "ends-with": (value, part) => text(value).endsWith(text(part)),
  substr: cut,
  concat: (...given) => opened(given).map(text).join(""),
  join: (between, ...given) => spread(given).map(text).filter(Boolean).join(text(between)),
  int: (value) => (Number.isFinite(number(value)) ? Math.trunc(number(value)) : NaN),
  round,
  number,
  string: text,
  abs: (value) => Math.abs(number(value)),
  min: (...given) => extreme(given, Math.min),
  max: (...given) => extreme(given, Math.max),
  sum: (...given) => numbers(given).reduce((total, one) => total + one, 0),
  count: (value) => spread([value]).filter((one) => !isNothing(one) && !(Array.isArray(one) && !one.length)).length,
  date: (value) => {
    const local = localOf(value);
    return Number.isNaN(local) ? "" : dayText(local / 86_400_000);
  },
  "format-date": formatDate,
  "decimal-date-time": (value) => days(text(value)),
  "boolean-from-string": (value) => ["true", "1"].includes(text(value).replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "")),
  "normalize-space": (value) =>
    text(value)
      .replace(/[ \t\r\n]+/g, " ")
      .replace(/^ +| +$/g, ""),
  translate,
  distance,
  uuid: () => crypto.randomUUID(),
  pow: power,
};

const lazy: Record<string, Lazy> = {
  if: ([test, yes, no], scene, evaluate) => evaluate((truth(evaluate(test as Expr, scene)) ? yes : no) as Expr, scene),
  once: ([value], scene, evaluate) => (isEmpty(scene.self) ? evaluate(value as Expr, scene) : scene.self),
  position: (_given, scene) => place(scene),
  index: (_given, scene) => place(scene),
  now: (_given, scene) => nowText(scene),
  today: (_given, scene) => nowText(scene).slice(0, 10),
  "jr:choice-name": ([value, path], scene, evaluate) => {
    const name = text(evaluate(value as Expr, scene));
    return scene.choiceName?.(text(evaluate(path as Expr, scene)), name) ?? name;
  },
};

/** The place from 1 of the innermost instance around. */
const place = (scene: Scene): number => (scene.at.findLast((step): step is number => typeof step === "number") ?? 0) + 1;

export function call(name: string, given: Expr[], scene: Scene, evaluate: Evaluate): Seen {
  const late = lazy[name];
  if (late) return late(given, scene, evaluate);
  const known = plain[name];
  if (!known) throw new Error(`unknown function ${name}`);
  return known(...given.map((one) => evaluate(one, scene)));
}
