/** Drawing and editing one polygon. Inner rings of an edited shape are kept as they are. */
import { type GeoJSONSource, type Map as MapLibre, Marker } from "maplibre-gl";
import { button } from "../dom";
import { word } from "../words";
import { moveByKeys } from "./pick";
import type { Palette } from "./style";

type Point = [number, number];

class Drawing {
  private corners: Marker[] = [];
  private holes: Point[][] = [];
  private done = true;

  constructor(
    private readonly map: MapLibre,
    private readonly host: HTMLElement,
    private readonly field: HTMLInputElement | HTMLTextAreaElement | null,
    private readonly say: (text: string) => void,
  ) {}

  start(): void {
    this.clear();
    this.done = false;
    this.say(word("mapDrawHint"));
  }

  clear(): void {
    for (const corner of this.corners) corner.remove();
    this.corners = [];
    this.holes = [];
    this.done = true;
    this.paint();
  }

  stepBack(): void {
    this.corners.pop()?.remove();
    this.done = this.done && this.corners.length > 2;
    this.changed();
  }

  finish(): void {
    if (this.corners.length < 3) return;
    this.done = true;
    this.say(word("mapEditHint"));
    this.changed();
  }

  press(at: Point): void {
    if (!this.done) this.add(at);
  }

  load(text: string): boolean {
    try {
      const shape = JSON.parse(text) as { type: string; coordinates: Point[][] };
      const [outer, ...holes] = shape.type === "Polygon" ? shape.coordinates : [];
      if (!outer) return false;
      for (const point of outer.slice(0, -1)) this.add(point, false);
      this.holes = holes;
      this.paint();
      this.say(word("mapEditHint"));
      return true;
    } catch {
      return false;
    }
  }

  points(): Point[] {
    return this.corners.map((corner) => corner.getLngLat().toArray());
  }

  private add(at: Point, tell = true): void {
    const handle = document.createElement("button");
    handle.type = "button";
    handle.className = "map-corner";
    handle.setAttribute("aria-label", String(this.corners.length + 1));
    const corner = new Marker({ element: handle, draggable: true }).setLngLat(at).addTo(this.map);
    corner.on("drag", () => this.paint());
    corner.on("dragend", () => this.changed());
    moveByKeys(this.map, corner, () => this.changed());
    handle.addEventListener("click", (event) => {
      event.stopPropagation();
      if (!this.done && corner === this.corners[0]) this.finish();
    });
    const remove = (): void => {
      if (this.corners.length <= 3) return;
      corner.remove();
      this.corners = this.corners.filter((one) => one !== corner);
      this.changed();
    };
    handle.addEventListener("dblclick", (event) => {
      event.stopPropagation();
      remove();
    });
    handle.addEventListener("keydown", (event) => {
      if (event.key === "Delete" || event.key === "Backspace") remove();
    });
    this.corners.push(corner);
    if (tell) this.changed();
  }

  private shape(): GeoJSON.Polygon | null {
    const outer = this.points();
    const first = outer[0];
    return first && outer.length > 2 ? { type: "Polygon", coordinates: [[...outer, first], ...this.holes] } : null;
  }

  private paint(): void {
    const source = this.map.getSource("drawing") as GeoJSONSource | undefined;
    const shape = this.shape();
    const line: GeoJSON.LineString = { type: "LineString", coordinates: this.points() };
    source?.setData({ type: "Feature", properties: {}, geometry: shape ?? line });
  }

  private changed(): void {
    this.paint();
    const shape = this.done ? this.shape() : null;
    if (this.field) {
      this.field.value = shape ? JSON.stringify(shape) : "";
      this.field.dispatchEvent(new Event("change", { bubbles: true }));
    }
    this.host.dispatchEvent(new CustomEvent("huying:draw", { bubbles: true, detail: { geometry: shape } }));
  }
}

export function startDraw(map: MapLibre, host: HTMLElement, tools: HTMLElement, colours: Palette, say: (text: string) => void): Point[] {
  map.addSource("drawing", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
  map.addLayer({ id: "drawing-fill", type: "fill", source: "drawing", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": colours.brand, "fill-opacity": 0.25 } });
  map.addLayer({ id: "drawing-line", type: "line", source: "drawing", paint: { "line-color": colours.brand, "line-width": 3, "line-dasharray": [2, 1] } });
  map.doubleClickZoom.disable();
  const field = document.querySelector<HTMLInputElement>(host.getAttribute("draw-input") ?? "");
  const drawing = new Drawing(map, host, field, say);
  map.on("click", (event) => drawing.press([event.lngLat.lng, event.lngLat.lat]));
  map.getCanvas().addEventListener("keydown", (event) => {
    if (event.key === "Enter") drawing.press(map.getCenter().toArray());
  });
  tools.append(
    button(word("mapDraw"), "secondary", () => drawing.start()),
    button(word("mapStepBack"), "secondary", () => drawing.stepBack()),
    button(word("mapFinish"), "secondary", () => drawing.finish()),
  );
  if (!field?.value || !drawing.load(field.value)) drawing.start();
  return drawing.points();
}
