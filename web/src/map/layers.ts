/** GeoJSON layers of a map: areas, lines and points, each fetched from its address. */
import type { GeoJSONSource, LngLatBounds, Map as MapLibre, MapGeoJSONFeature, MapMouseEvent } from "maplibre-gl";
import { type Palette, severity, severityColour } from "./style";

export interface LayerWish {
  id: string;
  src: string;
  kind: string;
  title: string;
  label: string;
  link: string;
  off: boolean;
  fit: boolean;
}

/** What a page wants to see. The ground is drawn by itself, so a page that still asks for parts of it gets it once. */
export function wishes(host: HTMLElement): LayerWish[] {
  const place = (address: string): string => new URL(address, document.baseURI).pathname;
  const ground = host.getAttribute("ground");
  const asked = [...host.querySelectorAll("huying-layer")].filter((one) => !ground || place(one.getAttribute("src") ?? "") !== place(ground));
  return asked.map((one, at) => ({
    id: `layer-${at}`,
    src: one.getAttribute("src") ?? "",
    kind: one.getAttribute("kind") ?? "points",
    title: one.getAttribute("title") ?? "",
    label: one.getAttribute("label") ?? "name",
    link: one.getAttribute("link") ?? "url",
    off: one.hasAttribute("off"),
    fit: one.hasAttribute("data-fit"),
  }));
}

function addAreas(map: MapLibre, wish: LayerWish, colours: Palette): string[] {
  const { id } = wish;
  const shade = severityColour(colours, severity);
  map.addLayer({ id: `${id}-fill`, type: "fill", source: id, filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": shade, "fill-opacity": ["case", [">", severity, 0], 0.18, 0.08] } });
  map.addLayer({ id: `${id}-line`, type: "line", source: id, paint: { "line-color": colours.brand, "line-width": ["interpolate", ["linear"], ["zoom"], 9, 0.6, 15, 2], "line-opacity": 0.8 } });
  return [`${id}-fill`, `${id}-line`, addNames(map, wish, colours)];
}

function addNames(map: MapLibre, wish: LayerWish, colours: Palette): string {
  map.addLayer({
    id: `${wish.id}-name`,
    type: "symbol",
    source: wish.id,
    minzoom: 11.5,
    layout: { "text-field": ["to-string", ["get", wish.label]], "text-font": ["sans-serif"], "text-size": 13, "text-max-width": 8 },
    paint: { "text-color": colours.ink, "text-halo-color": colours.surface, "text-halo-width": 1.6 },
  });
  return `${wish.id}-name`;
}

/** Areas that are only there to compare with: a dashed edge and a name, nothing to press. */
function addOutlines(map: MapLibre, wish: LayerWish, colours: Palette): string[] {
  map.addLayer({ id: `${wish.id}-line`, type: "line", source: wish.id, paint: { "line-color": colours.soft, "line-width": 1.4, "line-dasharray": [3, 2] } });
  return [`${wish.id}-line`, addNames(map, wish, colours)];
}

function addLines(map: MapLibre, wish: LayerWish, colours: Palette): string[] {
  map.addLayer({ id: `${wish.id}-line`, type: "line", source: wish.id, paint: { "line-color": severityColour(colours, severity), "line-width": 3 } });
  return [`${wish.id}-line`];
}

function addPoints(map: MapLibre, wish: LayerWish, colours: Palette): string[] {
  const { id } = wish;
  map.addLayer({ id: `${id}-many`, type: "circle", source: id, filter: ["has", "point_count"], paint: { "circle-color": colours.surface, "circle-radius": ["step", ["get", "point_count"], 14, 20, 18, 200, 24], "circle-stroke-width": 3, "circle-stroke-color": severityColour(colours, ["get", "worst"]) } });
  map.addLayer({ id: `${id}-count`, type: "symbol", source: id, filter: ["has", "point_count"], layout: { "text-field": ["to-string", ["get", "point_count"]], "text-font": ["sans-serif"], "text-size": 13, "text-allow-overlap": true }, paint: { "text-color": colours.ink } });
  map.addLayer({ id: `${id}-point`, type: "symbol", source: id, filter: ["!", ["has", "point_count"]], layout: { "icon-image": ["concat", "light-", ["match", ["get", "light"], ["blue", "yellow", "red", "black"], ["get", "light"], "none"]], "icon-allow-overlap": true, "icon-size": ["interpolate", ["linear"], ["zoom"], 10, 0.7, 15, 1], "symbol-sort-key": severity } });
  return [`${id}-many`, `${id}-count`, `${id}-point`];
}

export function addLayer(map: MapLibre, wish: LayerWish, colours: Palette): string[] {
  const points = wish.kind === "points";
  map.addSource(wish.id, {
    type: "geojson",
    data: new URL(wish.src, document.baseURI).href,
    generateId: true,
    ...(points ? { cluster: true, clusterRadius: 36, clusterMaxZoom: 15, clusterProperties: { worst: ["max", severity] } } : {}),
  });
  const ways: Record<string, typeof addAreas> = { points: addPoints, lines: addLines, outlines: addOutlines };
  const made = (ways[wish.kind] ?? addAreas)(map, wish, colours);
  if (wish.off) show(map, made, false);
  return made;
}

export function show(map: MapLibre, layers: string[], visible: boolean): void {
  for (const id of layers) map.setLayoutProperty(id, "visibility", visible ? "visible" : "none");
}

/** Pressing a point or an area opens its page; pressing a cluster goes nearer. `silent` maps (pick, draw) leave presses alone. */
export function listen(map: MapLibre, wish: LayerWish, popup: (feature: MapGeoJSONFeature | null, at: MapMouseEvent) => void): void {
  const target = wish.kind === "points" ? `${wish.id}-point` : wish.kind === "lines" ? `${wish.id}-line` : `${wish.id}-fill`;
  map.on("click", target, (event) => {
    const url = event.features?.[0]?.properties[wish.link] as string | undefined;
    if (url && !event.originalEvent.defaultPrevented) {
      event.originalEvent.preventDefault();
      window.location.assign(url);
    }
  });
  map.on("mousemove", target, (event) => {
    map.getCanvas().style.cursor = "pointer";
    popup(event.features?.[0] ?? null, event);
  });
  map.on("mouseleave", target, (event) => {
    map.getCanvas().style.cursor = "";
    popup(null, event);
  });
  if (wish.kind !== "points") return;
  map.on("click", `${wish.id}-many`, (event) => {
    event.originalEvent.preventDefault();
    const feature = event.features?.[0];
    if (!feature) return;
    const source = map.getSource(wish.id) as GeoJSONSource;
    void source.getClusterExpansionZoom(feature.properties.cluster_id as number).then((zoom) => map.easeTo({ center: event.lngLat, zoom }));
  });
}

/** The map first shows what is being drawn, else the layers that ask for it, else all of them. */
export async function fit(map: MapLibre, all: LayerWish[], bounds: LngLatBounds): Promise<void> {
  const chosen = all.filter((wish) => wish.fit);
  for (const wish of bounds.isEmpty() ? (chosen.length ? chosen : all) : []) {
    const source = map.getSource(wish.id) as GeoJSONSource | undefined;
    if (source) bounds.extend(await source.getBounds());
  }
  if (!bounds.isEmpty()) map.fitBounds(bounds, { padding: Math.min(72, map.getContainer().clientHeight / 7), maxZoom: 16.5, animate: false });
}
