/** One line or outline under the hand: corners that can be added, moved, removed, and every step taken back. */
import { type GeoJSONSource, type Map as MapLibre, Marker } from "maplibre-gl";
import { word } from "../words";
import { moveByKeys } from "./pick";
import { blank, edgeAt, lineOf, type Point, polygonOf, readSketch, type Sketch } from "./shapes";

export type Form = "line" | "polygon";
type Field = HTMLInputElement | HTMLTextAreaElement | null;

interface Step {
  sketch: Sketch;
  done: boolean;
}

const REACH = 14;
const APART = 20;

export class Drawing {
  private corners: Marker[] = [];
  private kept: Sketch = blank();
  private done = false;
  private past: Step[] = [];
  private last: Step = { sketch: blank(), done: false };

  constructor(
    private readonly map: MapLibre,
    private readonly host: HTMLElement,
    private readonly field: Field,
    private readonly form: Form,
    private readonly say: (text: string) => void,
  ) {
    map.on("zoomend", () => this.thin());
  }

  get count(): number {
    return this.corners.length;
  }

  get steps(): number {
    return this.past.length;
  }

  get open(): boolean {
    return !this.done;
  }

  /** Begin anew; what was there can be taken back. */
  start(): void {
    this.put({ sketch: blank(), done: false });
    this.changed();
  }

  undo(): void {
    const before = this.past.pop();
    if (!before) return;
    this.put(before);
    this.last = before;
    this.tell();
  }

  finish(): void {
    if (this.form === "line" || this.count < 3) return;
    this.done = true;
    this.changed();
  }

  /** Show a shape as GeoJSON; `quietly` when it is where the drawing begins. */
  load(text: string, quietly = false): boolean {
    const sketch = readSketch(text);
    if (!sketch) return false;
    this.put({ sketch, done: this.form === "polygon" });
    if (quietly) this.last = this.now();
    else this.changed();
    this.paint();
    return true;
  }

  /** Forget the drawing without a word to the field: it was written by hand. */
  leave(): void {
    this.put({ sketch: blank(), done: false });
    this.past = [];
    this.last = this.now();
    this.paint();
  }

  /** A press beside the line puts a corner at its end, a press on it puts one in between. */
  press(at: Point): void {
    const spot = this.pixel(at);
    const pixels = this.points().map((point) => this.pixel(point));
    const end = pixels.at(-1);
    if (end && Math.hypot(end[0] - spot[0], end[1] - spot[1]) < 4) return;
    const edge = this.done || this.form === "line" ? edgeAt(pixels, this.done, spot, REACH) : -1;
    if (this.done && edge < 0) return;
    this.add(at, edge < 0 ? this.count : edge + 1);
    this.changed();
  }

  points(): Point[] {
    return this.corners.map((corner) => corner.getLngLat().toArray());
  }

  shape(): GeoJSON.Geometry | null {
    const sketch = this.now().sketch;
    if (this.form === "line") return lineOf(sketch);
    return this.done ? polygonOf(sketch) : null;
  }

  private pixel(at: Point): Point {
    const { x, y } = this.map.project(at);
    return [x, y];
  }

  private now(): Step {
    return { sketch: { ...this.kept, points: this.points() }, done: this.done };
  }

  private put(step: Step): void {
    for (const corner of this.corners) corner.remove();
    this.corners = [];
    this.kept = step.sketch;
    this.done = step.done;
    for (const point of step.sketch.points) this.add(point, this.count);
    this.thin();
  }

  private add(at: Point, place: number): void {
    const handle = document.createElement("button");
    handle.type = "button";
    handle.className = "map-corner";
    const corner = new Marker({ element: handle, draggable: true }).setLngLat(at).addTo(this.map);
    corner.on("drag", () => this.paint());
    corner.on("dragend", () => this.changed());
    moveByKeys(this.map, corner, () => this.changed());
    handle.addEventListener("click", (event) => {
      event.stopPropagation();
      if (this.form === "polygon" && !this.done && corner === this.corners[0]) this.finish();
    });
    handle.addEventListener("dblclick", (event) => {
      event.stopPropagation();
      this.remove(corner);
    });
    handle.addEventListener("keydown", (event) => this.key(event, corner));
    this.corners.splice(place, 0, corner);
  }

  private key(event: KeyboardEvent, corner: Marker): void {
    if (event.key === "Delete" || event.key === "Backspace") this.remove(corner);
    else if (event.key === "Insert" || event.key === "+") this.divide(corner);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private remove(corner: Marker): void {
    if (this.done && this.count <= 3) return;
    const at = this.corners.indexOf(corner);
    corner.remove();
    this.corners.splice(at, 1);
    this.corners[Math.min(at, this.count - 1)]?.getElement().focus();
    this.changed();
  }

  /** A new corner halfway to the next one. */
  private divide(corner: Marker): void {
    const at = this.corners.indexOf(corner);
    const next = this.corners[this.done ? (at + 1) % this.count : at + 1];
    if (!next) return;
    const [a, b] = [corner.getLngLat(), next.getLngLat()];
    this.add([(a.lng + b.lng) / 2, (a.lat + b.lat) / 2], at + 1);
    this.corners[at + 1]?.getElement().focus();
    this.changed();
  }

  private paint(): void {
    const sketch = this.now().sketch;
    const shape = this.form === "polygon" ? polygonOf(sketch) : null;
    const drawn = this.map.getSource("drawing") as GeoJSONSource | undefined;
    drawn?.setData({ type: "Feature", properties: {}, geometry: shape ?? { type: "LineString", coordinates: sketch.points } });
  }

  /** Number the corners. Those too close to tell apart at this zoom are left out; nearer they come back; ends always stay. */
  private thin(): void {
    let shown: Point | null = null;
    this.corners.forEach((corner, at) => {
      const spot = this.pixel(corner.getLngLat().toArray());
      const handle = corner.getElement();
      handle.setAttribute("aria-label", word("mapCorner", { count: at + 1 }));
      const held = handle === document.activeElement || at === 0 || (!this.done && at === this.count - 1);
      handle.hidden = !held && shown !== null && Math.hypot(spot[0] - shown[0], spot[1] - shown[1]) < APART;
      if (!handle.hidden) shown = spot;
    });
  }

  private changed(): void {
    this.past.push(this.last);
    this.last = this.now();
    this.tell();
  }

  private tell(): void {
    this.paint();
    this.thin();
    this.say(word(this.hint()));
    const shape = this.shape();
    if (this.field) {
      this.field.value = shape ? JSON.stringify(shape) : "";
      this.field.dispatchEvent(new Event("change", { bubbles: true }));
    }
    this.host.dispatchEvent(new CustomEvent("huying:draw", { bubbles: true, detail: { geometry: shape } }));
  }

  hint(): string {
    if (this.form === "line") return this.count > 1 ? "mapLineDone" : "mapLineHint";
    return this.done ? "mapEditHint" : "mapDrawHint";
  }
}
