/** Texts, numbers, truth and days of answers, turned into each other as XPath 1.0 does it and as the server does. */
import type { Answers, Value } from "./types";

/** The answers of one question in every instance of a repeat, in order (XPath: a node-set). */
export class Many {
  readonly each: Value[];

  constructor(each: Value[]) {
    this.each = each;
  }
}

export type Seen = Value | Many;

const numberShape = /^[ \t\r\n]*(-?(?:\d+(?:\.\d*)?|\.\d+))[ \t\r\n]*$/;
const dayShape = /^(\d{4})-(\d{2})-(\d{2})$/;
const momentShape = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?(Z|[+-]\d{2}:\d{2})?$/;
const timeShape = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.\d{1,6})?)?$/;
const day = 86_400_000;
/** The field works by one clock: UTC+8. */
const localMinutes = 8 * 60;

export const isNothing = (value: Seen): boolean => value === null || value === undefined || value === "";

export const isEmpty = (value: Seen): boolean => isNothing(value) || (Array.isArray(value) && value.length === 0) || (value instanceof Many && value.each.every(isEmpty));

export const isAnswers = (value: unknown): value is Answers => typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Many);

/** Milliseconds since 1970 of the day an ISO text names, as if its zone were UTC; NaN for a day there is not. */
export function dayOf(text: string): number {
  const parts = dayShape.exec(text);
  if (!parts) return NaN;
  const [year, month, date] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, date);
  return year > 0 && at.getUTCMonth() === month - 1 && at.getUTCDate() === date ? at.getTime() : NaN;
}

function zoneMinutes(zone: string | undefined): number {
  if (!zone) return localMinutes;
  if (zone === "Z") return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return zone.startsWith("-") ? -minutes : minutes;
}

/** Milliseconds of the local clock (UTC+8) an ISO moment names; NaN for what is none. */
export function momentOf(text: string): number {
  const parts = momentShape.exec(text);
  if (!parts) return NaN;
  const [hours, minutes, seconds] = [Number(parts[2]), Number(parts[3]), Number(parts[4] ?? 0)];
  const from = zoneMinutes(parts[6]);
  if (hours > 23 || minutes > 59 || seconds > 59 || Math.abs(from) >= 24 * 60) return NaN;
  const clock = (hours * 3600 + minutes * 60 + seconds) * 1000 + Number(`0.${parts[5] ?? 0}`) * 1000;
  return dayOf(parts[1] as string) + clock + (localMinutes - from) * 60_000;
}

/** Days since 1970-01-01 of an ISO day, moment (local time where no zone is named) or time of day; else NaN. */
export function days(written: string): number {
  const text = written.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
  if (dayShape.test(text)) return dayOf(text) / day;
  const moment = momentOf(text);
  if (!Number.isNaN(moment)) return moment / day;
  const time = timeShape.exec(text);
  return time ? (Number(time[1]) * 3600 + Number(time[2]) * 60 + Number(time[3] ?? 0)) / 86_400 : NaN;
}

/** The ISO day of so many days since 1970-01-01; "" outside the years 1 to 9999. */
export function dayText(count: number): string {
  const at = new Date(Math.floor(count) * day);
  const year = at.getUTCFullYear();
  return year >= 1 && year <= 9999 ? at.toISOString().slice(0, 10) : "";
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  const said = Object.is(value, -0) ? "0" : String(value);
  const [, sign, digits, part = "", exponent] = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(said) ?? [];
  if (exponent === undefined) return said;
  const [all, places] = [(digits as string) + part, Number(exponent)];
  return sign + (places < 0 ? `0.${"0".repeat(-places - 1)}${all}` : all.padEnd(places + 1, "0"));
}

/** As a text: "" for nothing, names of several choices with blanks between, the first of many. */
export function text(value: Seen): string {
  if (value instanceof Many) return text(value.each[0]);
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "true" : "false";
  if (typeof value === "number") return numberText(value);
  if (Array.isArray(value)) return value.map((one) => text(one as Value)).join(" ");
  return "";
}

/** As a number; NaN for what is none. Days and moments count in days since 1970-01-01, times as a part of a day. */
export function number(value: Seen): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  const written = text(value);
  const shaped = numberShape.exec(written);
  return shaped ? Number(shaped[1]) : days(written);
}

/** As true or false: nothing, "", 0, NaN and an empty list are false. */
export function truth(value: Seen): boolean {
  if (value instanceof Many) return value.each.some((one) => !isNothing(one) && !(Array.isArray(one) && one.length === 0));
  if (typeof value === "number") return value !== 0 && !Number.isNaN(value);
  if (isAnswers(value)) return Object.keys(value).length > 0;
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

/** "=" (wanted) or "!=": true when it holds for any of many. */
export function equal(one: Seen, other: Seen, wanted: boolean): boolean {
  if (one instanceof Many && typeof other !== "boolean") return one.each.some((part) => equal(part, other, wanted));
  if (other instanceof Many && typeof one !== "boolean") return other.each.some((part) => equal(one, part, wanted));
  let same: boolean;
  if (typeof one === "boolean" || typeof other === "boolean") same = truth(one) === truth(other);
  else if (typeof one === "number" || typeof other === "number") same = number(one) === number(other);
  else same = text(one) === text(other) || sameDay(text(one), text(other));
  return same === wanted;
}

/** Whether both are ISO days or moments, and the same one. */
const sameDay = (one: string, other: string): boolean => one.includes("-") && other.includes("-") && days(one) === days(other);
