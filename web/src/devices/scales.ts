/** Arithmetic of a chart: where a value and a moment stand, and which of them are named on the axes. No page here. */
import type { Bucket } from "./charts";

export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Place {
  since: number;
  until: number;
  x: (at: number) => number;
  y: (value: number) => number;
  time: (x: number) => number;
}

export function place(box: Box, since: number, until: number, low: number, high: number): Place {
  const span = Math.max(until - since, 1);
  const tall = high - low || 1;
  const round = (value: number): number => Math.round(value * 100) / 100;
  return {
    since,
    until,
    x: (at) => round(box.left + ((at - since) / span) * (box.right - box.left)),
    y: (value) => round(box.bottom - ((value - low) / tall) * (box.bottom - box.top)),
    time: (x) => since + ((x - box.left) / (box.right - box.left)) * span,
  };
}

/** Four or so round values that hold the range. */
export function niceTicks(low: number, high: number): number[] {
  if (low === high) [low, high] = [low - Math.max(Math.abs(low) * 0.1, 0.5), high + Math.max(Math.abs(high) * 0.1, 0.5)];
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10);
  const found: number[] = [];
  for (let at = Math.floor(low / step); at <= Math.ceil(high / step); at++) found.push(Number((at * step).toPrecision(12)));
  return found;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const offset = 8 * hour; // midnight of the place, which keeps one time all year

/** Six or so round moments; those that begin a day are said as a day. */
export function timeTicks(since: number, until: number): { at: number; midnight: boolean }[] {
  const steps = [minute, 5 * minute, 15 * minute, hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 7 * day, 14 * day, 30 * day, 90 * day];
  const step = steps.find((one) => (until - since) / one <= 8) ?? 180 * day;
  const found = [];
  for (let at = Math.ceil((since + offset) / step) * step - offset; at <= until; at += step) {
    found.push({ at, midnight: (at + offset) % day === 0 });
  }
  return found;
}

/** Stretches without a gap. Steps in which nothing was said are left out of the answer, so a gap is a distance much longer
    than what is usual for this device. */
export function runs(points: Bucket[]): Bucket[][] {
  const known = points.filter((one) => one.avg !== null);
  const apart = known.slice(1).map((one, index) => Date.parse(one.at) - Date.parse(known[index]?.at ?? one.at));
  const usual = apart.toSorted((one, other) => one - other)[Math.floor(apart.length / 2)] ?? 0;
  const found: Bucket[][] = [];
  known.forEach((one, index) => {
    if (!index || (apart[index - 1] ?? 0) > usual * 4) found.push([]);
    found.at(-1)?.push(one);
  });
  return found;
}

export function linePath(points: Bucket[], at: Place, stairs: boolean): string {
  const spot = (one: Bucket): [number, number] => [at.x(Date.parse(one.at)), at.y(one.avg ?? 0)];
  return runs(points)
    .map((run) => {
      const [first, ...rest] = run.map(spot);
      if (!first) return "";
      if (!rest.length) return `M${first[0]} ${first[1]}h0.01`; // a dot
      return `M${first[0]} ${first[1]}${rest.map(([x, y]) => (stairs ? `H${x}V${y}` : `L${x} ${y}`)).join("")}`;
    })
    .join("");
}

/** The least and greatest of each step, as areas between gaps. */
export function bandPath(points: Bucket[], at: Place): string {
  return runs(points)
    .filter((run) => run.length > 1 && run.some((one) => one.min !== one.max))
    .map((run) => {
      const there = run.map((one) => `${at.x(Date.parse(one.at))} ${at.y(one.max ?? 0)}`);
      const back = run.toReversed().map((one) => `${at.x(Date.parse(one.at))} ${at.y(one.min ?? 0)}`);
      return `M${[...there, ...back].join("L")}Z`;
    })
    .join("");
}

/** At most `most` steps for a table: neighbours put together, their least and greatest kept. */
export function stepsOf(points: Bucket[], most: number): Bucket[] {
  const known = points.filter((one) => one.avg !== null);
  const size = Math.max(1, Math.ceil(known.length / most));
  const found: Bucket[] = [];
  for (let start = 0; start < known.length; start += size) {
    const group = known.slice(start, start + size);
    const first = group[0];
    if (!first) continue;
    found.push({
      at: first.at,
      min: Math.min(...group.map((one) => one.min ?? Infinity)),
      avg: group.reduce((sum, one) => sum + (one.avg ?? 0), 0) / group.length,
      max: Math.max(...group.map((one) => one.max ?? -Infinity)),
    });
  }
  return found;
}
