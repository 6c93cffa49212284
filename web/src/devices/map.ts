/** The map of devices: asks the server for what is in view whenever the view changes, so that a hundred thousand devices
    cost what a few hundred cost. What comes is a single device or a cluster with its number. */
import type { GeoJSONSource, Map as MapLibre, MapMouseEvent } from "maplibre-gl";

const source = "devices";
const wait = 250; // ms after the last movement

interface Answer extends GeoJSON.FeatureCollection {
  bbox?: [number, number, number, number];
}

function addLayers(map: MapLibre, host: HTMLElement): void {
  const style = getComputedStyle(host);
  const token = (name: string): string => style.getPropertyValue(`--color-${name}`).trim() || "#888";
  const many = [">", ["get", "count"], 1] as [">", ["get", string], number];
  map.addSource(source, { type: "geojson", data: { type: "FeatureCollection", features: [] } });
  map.addLayer({ id: "devices-many", type: "circle", source, filter: many, paint: { "circle-color": token("surface"), "circle-radius": ["step", ["get", "count"], 14, 20, 18, 200, 24], "circle-stroke-width": 3, "circle-stroke-color": token("brand") } });
  map.addLayer({ id: "devices-count", type: "symbol", source, filter: many, layout: { "text-field": ["to-string", ["get", "count"]], "text-font": ["sans-serif"], "text-size": 13, "text-allow-overlap": true }, paint: { "text-color": token("ink") } });
  const order = ["match", ["get", "light"], "black", 4, "red", 3, "yellow", 2, "blue", 1, 0] as never;
  map.addLayer({ id: "devices-one", type: "symbol", source, filter: ["!", many], layout: { "icon-image": ["concat", "light-", ["get", "light"]], "icon-allow-overlap": true, "icon-size": ["interpolate", ["linear"], ["zoom"], 10, 0.7, 15, 1], "symbol-sort-key": order } });
}

function press(map: MapLibre): void {
  map.on("click", "devices-one", (event) => {
    const url = event.features?.[0]?.properties.url as string | undefined;
    if (url) window.location.assign(url);
  });
  map.on("click", "devices-many", (event) => map.easeTo({ center: event.lngLat, zoom: map.getZoom() + 2 }));
  const canvas = map.getCanvas();
  const say = (event: MapMouseEvent & { features?: { properties: Record<string, unknown> }[] }): void => {
    canvas.style.cursor = "pointer";
    canvas.title = String(event.features?.[0]?.properties.name ?? "");
  };
  const hush = (): void => {
    canvas.style.cursor = "";
    canvas.title = "";
  };
  for (const layer of ["devices-one", "devices-many"]) {
    map.on("mousemove", layer, say);
    map.on("mouseleave", layer, hush);
  }
}

/** `map` has been opened by the page's own map element. */
export function showDevices(map: MapLibre, host: HTMLElement): void {
  let timer = 0;
  let asked = 0;
  const show = async (whole: boolean): Promise<void> => {
    const mine = ++asked;
    const address = new URL(host.dataset.devices ?? "", document.baseURI);
    if (!whole) address.searchParams.set("bounds", map.getBounds().toArray().flat().map((one) => one.toFixed(6)).join(","));
    const answer = await fetch(address).catch(() => null);
    if (!answer?.ok || mine !== asked) return;
    const found = (await answer.json()) as Answer;
    (map.getSource(source) as GeoJSONSource | undefined)?.setData(found);
    host.dataset.shown = String(found.features.length);
    if (whole && found.bbox) map.fitBounds(found.bbox, { padding: 24, maxZoom: 16.5, animate: false });
  };
  const soon = (): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void show(false), wait);
  };
  addLayers(map, host);
  press(map);
  void show(true).then(() => map.on("moveend", soon));
  document.addEventListener("huying:live", (event) => {
    const { topic } = (event as CustomEvent<{ topic: string }>).detail;
    if ((host.dataset.liveDevices ?? "").split(",").some((one) => topic === one || topic.startsWith(`${one}:`))) soon();
  });
}
