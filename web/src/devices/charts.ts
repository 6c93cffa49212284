/** Charts of a device: one for each value, drawn as SVG over the same stretch of time, with the least and greatest of each
    step as a band. Read by pointer, by arrow keys, or as a table. Nothing but the page's own tokens colours them. */
import { element } from "../dom";
import { bandPath, linePath, niceTicks, type Place, place, stepsOf, timeTicks } from "./scales";

export interface Bucket {
  at: string;
  min: number | null;
  avg: number | null;
  max: number | null;
}

interface Mark {
  value: number;
  label: string;
  severity: number;
}

interface Wish {
  name: string;
  label: string;
  unit: string;
  type: string;
  places: number;
  marks: Mark[];
}

interface Words {
  empty: string;
  silent: string;
  and: string;
  failed: string;
  summary: string;
  table: string;
  time: string;
  least: string;
  mean: string;
  most: string;
  yes: string;
  no: string;
}

interface Answer {
  since: string;
  until: string;
  buckets: { at: string; values: Record<string, { min: number | null; avg: number | null; max: number | null } | undefined> }[];
}

function pointsOf(answer: Answer, name: string): Bucket[] {
  return answer.buckets.flatMap(({ at, values }) => {
    const one = values[name];
    return one ? [{ at, min: one.min, avg: one.avg, max: one.max }] : [];
  });
}

const width = 720;
const inner = { left: 56, right: 704, top: 12, bottom: 168 };
const height = 196;
const rowsOfTable = 48;

function svg<K extends keyof SVGElementTagNameMap>(tag: K, attributes: Record<string, string | number>, text = ""): SVGElementTagNameMap[K] {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  if (text) made.textContent = text;
  return made;
}

const language = (): string => (document.documentElement.lang.startsWith("en") ? "en-GB" : "zh-CN");
const zone = "Asia/Shanghai";

function moment(at: number, long: boolean): string {
  const day: Intl.DateTimeFormatOptions = long ? { month: "numeric", day: "numeric" } : {};
  return new Intl.DateTimeFormat(language(), { ...day, hour: "2-digit", minute: "2-digit", hour12: false, timeZone: zone }).format(at);
}

function say(value: number | null, wish: Wish, words: Words): string {
  if (value === null) return "—";
  if (wish.type === "bool") return value >= 0.5 ? words.yes : words.no;
  return `${value.toFixed(wish.places)}${wish.unit ? ` ${wish.unit}` : ""}`;
}

function fill(pattern: string, values: Record<string, string>): string {
  return pattern.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** Where a value stands: what was measured, and the limits of the rules where they lie near enough to be worth the room. */
function rangeOf(points: Bucket[], wish: Wish): [number, number] {
  if (wish.type === "bool") return [0, 1];
  const seen = points.flatMap((one) => [one.min, one.max]).filter((one): one is number => one !== null);
  let [low, high] = [Math.min(...seen), Math.max(...seen)];
  const room = Math.max(high - low, Math.abs(high) * 0.1, 1e-9);
  for (const mark of wish.marks) {
    if (mark.value > high && mark.value <= high + room) high = mark.value;
    if (mark.value < low && mark.value >= low - room) low = mark.value;
  }
  return [low, high];
}

function axes(drawn: SVGElement, at: Place, ticks: number[], wish: Wish, words: Words): void {
  for (const value of ticks) {
    const y = at.y(value);
    drawn.append(svg("line", { class: "chart__grid", x1: inner.left, x2: inner.right, y1: y, y2: y }));
    const said = wish.type === "bool" ? say(value, wish, words) : String(Number(value.toPrecision(6)));
    drawn.append(svg("text", { class: "chart__tick", x: inner.left - 8, y: y + 4, "text-anchor": "end" }, said));
  }
  for (const tick of timeTicks(at.since, at.until)) {
    const said = tick.midnight ? new Intl.DateTimeFormat(language(), { month: "numeric", day: "numeric", timeZone: zone }).format(tick.at) : moment(tick.at, false);
    drawn.append(svg("line", { class: "chart__grid chart__grid--time", x1: at.x(tick.at), x2: at.x(tick.at), y1: inner.top, y2: inner.bottom }));
    drawn.append(svg("text", { class: "chart__tick", x: at.x(tick.at), y: inner.bottom + 18, "text-anchor": "middle" }, said));
  }
}

function limits(drawn: SVGElement, at: Place, wish: Wish): void {
  for (const mark of wish.marks) {
    const y = at.y(mark.value);
    if (y < inner.top - 1 || y > inner.bottom + 1) continue;
    drawn.append(svg("line", { class: `chart__limit chart__limit--${mark.severity}`, x1: inner.left, x2: inner.right, y1: y, y2: y }));
    drawn.append(svg("text", { class: "chart__tick chart__limit-words", x: inner.right, y: y - 4, "text-anchor": "end" }, mark.label));
  }
}

/** A line that follows the pointer or the arrow keys, and what it stands on in words. */
function reading(box: HTMLElement, drawn: SVGSVGElement, points: Bucket[], at: Place, wish: Wish, words: Words): void {
  const known = points.filter((one) => one.avg !== null);
  const line = svg("line", { class: "chart__cursor", y1: inner.top, y2: inner.bottom, visibility: "hidden" });
  const said = element("output", "chart__said");
  let chosen = -1;
  const show = (index: number): void => {
    const one = known[index];
    if (!one) return;
    chosen = index;
    const x = at.x(Date.parse(one.at));
    for (const name of ["x1", "x2"]) line.setAttribute(name, String(x));
    line.setAttribute("visibility", "visible");
    const span = one.min === one.max ? "" : `（${say(one.min, wish, words)} – ${say(one.max, wish, words)}）`;
    said.textContent = `${moment(Date.parse(one.at), true)}  ${say(one.avg, wish, words)}${span}`;
  };
  const nearest = (event: PointerEvent): void => {
    const frame = drawn.getBoundingClientRect();
    const wanted = at.time(((event.clientX - frame.left) / frame.width) * width);
    let best = 0;
    known.forEach((one, index) => {
      if (Math.abs(Date.parse(one.at) - wanted) < Math.abs(Date.parse(known[best]?.at ?? "") - wanted)) best = index;
    });
    show(best);
  };
  drawn.append(line);
  drawn.addEventListener("pointermove", nearest);
  drawn.addEventListener("pointerdown", nearest);
  drawn.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -known.length, End: known.length }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    show(Math.min(Math.max((chosen < 0 ? known.length - 1 : chosen) + step, 0), known.length - 1));
  });
  box.append(said);
}

function table(points: Bucket[], wish: Wish, words: Words): HTMLElement {
  const head = element("tr", "", ...[words.time, words.least, words.mean, words.most].map((text) => element("th", "", text)));
  for (const cell of head.children) cell.setAttribute("scope", "col");
  const body = element("tbody", "");
  for (const one of stepsOf(points, rowsOfTable)) {
    const time = element("th", "", moment(Date.parse(one.at), true));
    time.scope = "row";
    body.append(element("tr", "", time, ...[one.min, one.avg, one.max].map((value) => element("td", "num", say(value, wish, words)))));
  }
  const wrap = element("div", "table-wrap chart__table", element("table", "table", element("caption", "sr-only", wish.label), element("thead", "", head), body));
  wrap.tabIndex = 0;
  wrap.setAttribute("role", "region");
  wrap.setAttribute("aria-label", wish.label);
  return element("details", "chart__more", element("summary", "link", words.table), wrap);
}

function draw(points: Bucket[], since: number, until: number, wish: Wish, words: Words): HTMLElement {
  const figure = element("figure", "chart", element("figcaption", "chart__title", `${wish.label}${wish.unit ? `（${wish.unit}）` : ""}`));
  const known = points.filter((one) => one.avg !== null);
  const [low, high] = rangeOf(known, wish);
  const ticks = wish.type === "bool" ? [0, 1] : niceTicks(low, high);
  const at = place(inner, since, until, Math.min(low, ticks[0] ?? low), Math.max(high, ticks.at(-1) ?? high));
  const least = Math.min(...known.map((one) => one.min ?? Infinity));
  const most = Math.max(...known.map((one) => one.max ?? -Infinity));
  const spoken = fill(words.summary, { name: wish.label, least: say(least, wish, words), most: say(most, wish, words), last: say(known.at(-1)?.avg ?? null, wish, words) });
  const drawn = svg("svg", { class: "chart__drawn", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": spoken, tabindex: 0 });
  axes(drawn, at, ticks, wish, words);
  const band = bandPath(points, at);
  if (band && wish.type !== "bool") drawn.append(svg("path", { class: "chart__band", d: band }));
  drawn.append(svg("path", { class: "chart__line", d: linePath(points, at, wish.type === "bool") }));
  limits(drawn, at, wish);
  figure.append(drawn);
  reading(figure, drawn, points, at, wish, words);
  figure.append(table(points, wish, words));
  return figure;
}

/** Fetch once, draw one chart for each value. */
export async function openCharts(host: HTMLElement): Promise<void> {
  const spec = JSON.parse(host.dataset.spec ?? "{}") as { fields: Wish[]; words: Words };
  const answer = await fetch(new URL(host.dataset.charts ?? "", document.baseURI), { headers: { Accept: "application/json" } }).catch(() => null);
  host.querySelector(".chart__waiting")?.remove();
  if (!answer?.ok) {
    host.append(element("p", "muted", spec.words.failed));
    return;
  }
  const found = (await answer.json()) as Answer;
  const silent: string[] = [];
  for (const wish of spec.fields) {
    const points = pointsOf(found, wish.name);
    if (points.some((one) => one.avg !== null)) host.append(draw(points, Date.parse(found.since), Date.parse(found.until), wish, spec.words));
    else silent.push(wish.label);
  }
  if (silent.length === spec.fields.length) host.append(element("p", "muted", spec.words.empty));
  else if (silent.length) host.append(element("p", "muted small charts__silent", fill(spec.words.silent, { names: silent.join(spec.words.and) })));
}
