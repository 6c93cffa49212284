/** The ground under every map: water, green, roads and, from near, lanes and buildings. From our own address, no tiles. */
import type { ExpressionSpecification, GeoJSONSource, LayerSpecification, Map as MapLibre } from "maplibre-gl";
import type { Palette } from "./style";

const NEAR = 14;
const FINEST_OF_ALL = 2;
const nothing: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

/** Width in pixels by zoom, for the ranks 0 (main road) to 3 (lane). */
function wide(at10: number[], at16: number[], more: number): ExpressionSpecification {
  const by = (widths: number[]): ExpressionSpecification => ["match", ["get", "rank"], 0, (widths[0] ?? 1) + more, 1, (widths[1] ?? 1) + more, 2, (widths[2] ?? 1) + more, (widths[3] ?? 1) + more];
  return ["interpolate", ["exponential", 1.4], ["zoom"], 10, by(at10), 16, by(at16)];
}

function roads(id: string, source: string, colour: string, more: number): LayerSpecification {
  const width = wide([1.6, 1, 0.5, 0.3], [13, 10, 7, 4], more);
  return { id, type: "line", source, filter: ["==", ["get", "kind"], "road"], layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": colour, "line-width": width } };
}

function surface(id: string, source: string, kind: string, fill: string, edge: string): LayerSpecification {
  return { id, type: "fill", source, filter: ["==", ["get", "kind"], kind], paint: { "fill-color": fill, "fill-outline-color": edge } };
}

function names(id: string, colours: Palette, along: boolean): LayerSpecification {
  const label = document.documentElement.lang.startsWith("en") ? "name_en" : "name";
  return {
    id,
    type: "symbol",
    source: "ground",
    minzoom: along ? 13.5 : 12.5,
    filter: ["==", ["get", "kind"], along ? "road" : "water"],
    layout: { "text-field": ["get", label], "text-font": ["sans-serif"], "text-size": 12, "symbol-placement": along ? "line" : "point", "symbol-spacing": 320, "text-letter-spacing": 0.06 },
    paint: { "text-color": colours.soft, "text-halo-color": along ? colours.road : colours.water, "text-halo-width": 1.4 },
  };
}

function nearAddress(map: MapLibre, ground: string): string {
  const box = map.getBounds();
  const hundredths = (value: number, turn: (value: number) => number): string => (turn(value * 100) / 100).toFixed(2);
  const url = new URL(ground, document.baseURI);
  const sides = [hundredths(box.getWest(), Math.floor), hundredths(box.getSouth(), Math.floor), hundredths(box.getEast(), Math.ceil), hundredths(box.getNorth(), Math.ceil)];
  url.searchParams.set("from", String(FINEST_OF_ALL + 1));
  url.searchParams.set("rank", "9");
  url.searchParams.set("bbox", sides.join(","));
  return url.href;
}

/** Lanes and buildings are many: they are asked for where one looks, in whole hundredths of a degree so that answers are kept. */
function followView(map: MapLibre, ground: string): void {
  let shown = "";
  const look = (): void => {
    if (map.getZoom() < NEAR) return;
    const address = nearAddress(map, ground);
    if (address === shown) return;
    shown = address;
    (map.getSource("near") as GeoJSONSource | undefined)?.setData(address);
  };
  map.on("moveend", look);
  look();
}

export function addGround(map: MapLibre, host: HTMLElement, colours: Palette): void {
  const ground = host.getAttribute("ground");
  if (!ground) return;
  const url = new URL(ground, document.baseURI);
  url.searchParams.set("rank", String(FINEST_OF_ALL));
  map.addSource("ground", { type: "geojson", data: url.href });
  map.addSource("near", { type: "geojson", data: nothing });
  const layers = [
    surface("ground-green", "ground", "park", colours.green, colours.green),
    surface("ground-water", "ground", "water", colours.water, colours.shore),
    surface("ground-building", "near", "building", colours.building, colours.wall),
    roads("ground-lane-kerb", "near", colours.kerb, 1.6),
    roads("ground-road-kerb", "ground", colours.kerb, 2),
    roads("ground-lane", "near", colours.road, 0),
    roads("ground-road", "ground", colours.road, 0),
    names("ground-road-name", colours, true),
    names("ground-water-name", colours, false),
  ];
  for (const layer of layers) map.addLayer("source" in layer && layer.source === "near" ? { ...layer, minzoom: NEAR } : layer);
  followView(map, ground);
}
