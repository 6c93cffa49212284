/** Puts a drawing on a map: its layers, its buttons, and the field that carries it. */
import type { Map as MapLibre } from "maplibre-gl";
import { button } from "../dom";
import { word } from "../words";
import { Drawing } from "./drawing";
import type { Point } from "./shapes";
import type { Palette } from "./style";

function addSketchLayers(map: MapLibre, colours: Palette): void {
  const source = "drawing";
  map.addSource(source, { type: "geojson", data: { type: "FeatureCollection", features: [] } });
  map.addLayer({ id: "drawing-fill", type: "fill", source, filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": colours.brand, "fill-opacity": 0.16 } });
  map.addLayer({ id: "drawing-rim", type: "line", source, layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": colours.surface, "line-width": 6 } });
  map.addLayer({ id: "drawing-line", type: "line", source, paint: { "line-color": colours.brand, "line-width": 3, "line-dasharray": [2, 1] } });
}

/** Keys on the map itself: arrows move it under the mark in its middle, Enter puts a corner there. */
function drawByKeys(map: MapLibre, drawing: Drawing, say: (text: string) => void): void {
  const canvas = map.getCanvas();
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Enter") drawing.press(map.getCenter().toArray());
    else if (event.key === "Backspace") drawing.undo();
    else return;
    event.preventDefault();
  });
  canvas.addEventListener("focus", () => {
    if (canvas.matches(":focus-visible")) say(word("mapKeys"));
  });
}

function addButtons(tools: HTMLElement, host: HTMLElement, drawing: Drawing, original: string | undefined): void {
  const again = original
    ? button(word("mapReset"), "secondary", () => drawing.load(original))
    : button(word("mapClear"), "secondary", () => drawing.start());
  const back = button(word("mapStepBack"), "secondary", () => drawing.undo());
  const finish = button(word("mapFinish"), "secondary", () => drawing.finish());
  const outline = host.getAttribute("draw") !== "line";
  tools.append(back, again, ...(outline && !original ? [finish] : []));
  const follow = (): void => {
    back.disabled = drawing.steps === 0;
    again.disabled = original ? drawing.steps === 0 : drawing.count === 0;
    finish.disabled = drawing.count < 3 || !drawing.open;
  };
  host.addEventListener("huying:draw", follow);
  follow();
}

export function startDraw(map: MapLibre, host: HTMLElement, tools: HTMLElement, colours: Palette, say: (text: string) => void): Point[] {
  addSketchLayers(map, colours);
  map.doubleClickZoom.disable();
  const field = document.querySelector<HTMLInputElement | HTMLTextAreaElement>(host.getAttribute("draw-input") ?? "");
  const drawing = new Drawing(map, host, field, host.getAttribute("draw") === "line" ? "line" : "polygon", say);
  map.on("click", (event) => drawing.press([event.lngLat.lng, event.lngLat.lat]));
  if (field?.value) drawing.load(field.value, true);
  say(word(drawing.hint()));
  drawByKeys(map, drawing, say);
  addButtons(tools, host, drawing, field?.dataset.original);
  field?.addEventListener("change", (event) => {
    if (event.isTrusted && !drawing.load(field.value, true)) drawing.leave();
  });
  return drawing.points();
}
