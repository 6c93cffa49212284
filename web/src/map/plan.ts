/** What a change would make, drawn before it is made. The page holds it as GeoJSON in `data-shapes` and may renew it. */
import type { GeoJSONSource, Map as MapLibre } from "maplibre-gl";
import type { Palette } from "./style";

const nothing: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

/** Features say what they are by `role`: part (with `name`), moved (a neighbour that follows) or problem. */
export function startPlan(map: MapLibre, host: HTMLElement, colours: Palette): void {
  const holder = host.getAttribute("plan");
  if (!holder) return;
  const source = "plan";
  const problem = colours.lights.red ?? colours.ink;
  const is = (role: string): ["==", ["get", string], string] => ["==", ["get", "role"], role];
  map.addSource(source, { type: "geojson", data: nothing });
  map.addLayer({ id: "plan-fill", type: "fill", source, filter: is("part"), paint: { "fill-color": colours.brand, "fill-opacity": ["case", ["==", ["%", ["get", "number"], 2], 1], 0.34, 0.14] } });
  map.addLayer({ id: "plan-moved", type: "line", source, filter: is("moved"), paint: { "line-color": colours.brand, "line-width": 1.6, "line-dasharray": [1, 1.5] } });
  map.addLayer({ id: "plan-line", type: "line", source, filter: is("part"), paint: { "line-color": colours.brand, "line-width": 2 } });
  map.addLayer({ id: "plan-problem", type: "fill", source, filter: is("problem"), paint: { "fill-color": problem, "fill-opacity": 0.45 } });
  map.addLayer({ id: "plan-problem-line", type: "line", source, filter: is("problem"), paint: { "line-color": problem, "line-width": 2 } });
  map.addLayer({
    id: "plan-name",
    type: "symbol",
    source,
    filter: ["has", "name"],
    layout: { "text-field": ["get", "name"], "text-font": ["sans-serif"], "text-size": 16, "text-allow-overlap": true },
    paint: { "text-color": ["case", is("problem"), problem, colours.ink], "text-halo-color": colours.surface, "text-halo-width": 2 },
  });
  const read = (): void => {
    const text = document.querySelector<HTMLElement>(holder)?.dataset.shapes;
    void (map.getSource(source) as GeoJSONSource | undefined)?.setData(text ? (JSON.parse(text) as GeoJSON.FeatureCollection) : nothing);
  };
  read();
  document.body.addEventListener("htmx:afterSettle", read);
}
