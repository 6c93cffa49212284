/** The worker's maps: the outlines of the grids held here, with the open tasks or the worker's own way. Nothing is fetched. */
import type { Map as MapLibre } from "maplibre-gl";
import { openMap } from "../map/element";
import { palette } from "../map/style";
import type { App } from "./app";
import { type Task, lateness } from "./shapes";

const LIGHTS = { late: "red", soon: "yellow", open: "none", later: "none" };

function outlines(app: App): GeoJSON.FeatureCollection {
  const places = app.all("place") ?? [];
  const features = places.flatMap(({ b }): GeoJSON.Feature[] => {
    const shape = (b.outline ?? b.shape ?? b.geometry) as GeoJSON.Geometry | null;
    return shape ? [{ type: "Feature", geometry: shape, properties: { name: b.name } }] : [];
  });
  return { type: "FeatureCollection", features };
}

function points(tasks: Task[], now: number): GeoJSON.FeatureCollection {
  const placed = tasks.filter((task) => task.lon !== null && task.lat !== null);
  return {
    type: "FeatureCollection",
    features: placed.map((task) => ({ type: "Feature", geometry: { type: "Point", coordinates: [task.lon as number, task.lat as number] }, properties: { id: task.id, title: task.title, light: LIGHTS[lateness(task, now)] } })),
  };
}

function corners(value: unknown, tell: (lon: number, lat: number) => void): void {
  if (!Array.isArray(value)) return;
  if (typeof value[0] === "number") tell(value[0], value[1] as number);
  else for (const one of value) corners(one, tell);
}

/** The smallest box around everything shown; null when there is nothing. */
function around(...all: GeoJSON.FeatureCollection[]): [number, number, number, number] | null {
  const box: [number, number, number, number] = [180, 90, -180, -90];
  for (const one of all) {
    for (const feature of one.features) {
      corners((feature.geometry as GeoJSON.Polygon).coordinates, (lon, lat) => {
        box[0] = Math.min(box[0], lon);
        box[1] = Math.min(box[1], lat);
        box[2] = Math.max(box[2], lon);
        box[3] = Math.max(box[3], lat);
      });
    }
  }
  return box[0] <= box[2] ? box : null;
}

const NO_FEATURES: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

/** Open the map with the grids on it, let `draw` add the rest and say what must be in view. Returns what ends it. */
async function openGridMap(host: HTMLElement, app: App, draw: (map: MapLibre, grids: GeoJSON.FeatureCollection) => GeoJSON.FeatureCollection[]): Promise<() => void> {
  await app.book.load("place");
  const colours = palette(host);
  let made: MapLibre | null = null;
  host.addEventListener("huying:map", (event) => {
    const { map } = (event as CustomEvent<{ map: MapLibre }>).detail;
    made = map;
    const grids = outlines(app);
    map.addSource("grids", { type: "geojson", data: grids });
    map.addLayer({ id: "grids-fill", type: "fill", source: "grids", paint: { "fill-color": colours.brand, "fill-opacity": 0.06 } });
    map.addLayer({ id: "grids-line", type: "line", source: "grids", paint: { "line-color": colours.brand, "line-width": 2 } });
    map.addLayer({ id: "grids-name", type: "symbol", source: "grids", layout: { "text-field": ["get", "name"], "text-font": ["sans-serif"], "text-size": 13 }, paint: { "text-color": colours.soft, "text-halo-color": colours.surface, "text-halo-width": 1.6 } });
    const box = around(...draw(map, grids));
    if (box) map.fitBounds(box, { padding: 32, maxZoom: 16.5, animate: false });
  });
  await openMap(host);
  return () => made?.remove();
}

export function openTaskMap(host: HTMLElement, app: App, tasks: Task[]): Promise<() => void> {
  const colours = palette(host);
  return openGridMap(host, app, (map, grids) => {
    const spots = points(tasks, app.now().getTime());
    const here: GeoJSON.FeatureCollection = app.point ? { type: "FeatureCollection", features: [{ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: [app.point.lon, app.point.lat] } }] } : NO_FEATURES;
    map.addSource("tasks", { type: "geojson", data: spots });
    map.addSource("here", { type: "geojson", data: here });
    map.addLayer({ id: "here", type: "circle", source: "here", paint: { "circle-radius": 8, "circle-color": colours.ink, "circle-stroke-color": colours.surface, "circle-stroke-width": 3 } });
    map.addLayer({ id: "tasks", type: "symbol", source: "tasks", layout: { "icon-image": ["concat", "light-", ["get", "light"]], "icon-size": 1.1, "icon-allow-overlap": true } });
    map.addLayer({ id: "tasks-name", type: "symbol", source: "tasks", minzoom: 14.5, layout: { "text-field": ["get", "title"], "text-font": ["sans-serif"], "text-size": 13, "text-offset": [0, 1.4], "text-max-width": 9 }, paint: { "text-color": colours.ink, "text-halo-color": colours.surface, "text-halo-width": 1.6 } });
    map.on("click", "tasks", (pressed) => {
      const id = pressed.features?.[0]?.properties.id as string | undefined;
      if (id) location.hash = `#/task/${id}`;
    });
    return [grids, spots, here];
  });
}

/** The way somebody went: a line a spell, with where it began and where it ended. */
export function openTrackMap(host: HTMLElement, app: App, lines: [number, number][][]): Promise<() => void> {
  const colours = palette(host);
  return openGridMap(host, app, (map, grids) => {
    const way: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: lines.filter((one) => one.length > 1).map((one) => ({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: one } })) };
    const ends: GeoJSON.FeatureCollection = {
      type: "FeatureCollection",
      features: lines.flatMap((one) => [one[0], one.at(-1)].map((spot, at): GeoJSON.Feature => ({ type: "Feature", properties: { last: at === 1 }, geometry: { type: "Point", coordinates: spot ?? [] } }))),
    };
    map.addSource("way", { type: "geojson", data: way });
    map.addSource("ends", { type: "geojson", data: ends });
    map.addLayer({ id: "way", type: "line", source: "way", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": colours.ink, "line-width": 4 } });
    map.addLayer({ id: "ends", type: "circle", source: "ends", paint: { "circle-radius": 7, "circle-color": ["case", ["get", "last"], colours.ink, colours.surface], "circle-stroke-color": colours.ink, "circle-stroke-width": 3 } });
    return way.features.length ? [way, ends] : [grids, ends];
  });
}
