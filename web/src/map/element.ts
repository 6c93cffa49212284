/** Opens a <huying-map>: draws our own shapes with MapLibre, and lets a place be picked or a line or outline be drawn. */
import { LngLatBounds, Map as MapLibre, type MapGeoJSONFeature, NavigationControl, Popup, setWorkerUrl } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import "maplibre-gl/dist/maplibre-gl.css";
import { element } from "../dom";
import { word } from "../words";
import { startDraw } from "./draw";
import { addGround } from "./ground";
import { addLayer, fit, type LayerWish, listen, show, wishes } from "./layers";
import { startPick } from "./pick";
import { startPlan } from "./plan";
import { addLights, baseStyle, type Palette, palette } from "./style";

setWorkerUrl(new URL(workerUrl, import.meta.url).href);

/** Where a map opens that is told no place: the whole country, until its layers say where they lie. */
const COUNTRY = { lon: 104.5, lat: 35.5, zoom: 3.2 };

function makeMap(host: HTMLElement, canvas: HTMLElement, colours: Palette): MapLibre {
  const placed = host.hasAttribute("lon");
  const number = (name: "lon" | "lat" | "zoom"): number => Number((placed && host.getAttribute(name)) || COUNTRY[name]);
  return new MapLibre({
    container: canvas,
    style: baseStyle(colours, host.getAttribute("tianditu") ?? ""),
    center: [number("lon"), number("lat")],
    zoom: number("zoom"),
    minZoom: 3,
    maxZoom: 19,
    dragRotate: false,
    pitchWithRotate: false,
    attributionControl: host.hasAttribute("tianditu") ? {} : false,
    cooperativeGestures: false,
    locale: {
      "NavigationControl.ZoomIn": word("mapZoomIn"),
      "NavigationControl.ZoomOut": word("mapZoomOut"),
      "Map.Title": host.getAttribute("aria-label") ?? "",
    },
  });
}

function layerSwitches(map: MapLibre, tools: HTMLElement, drawn: [LayerWish, string[]][]): void {
  const named = drawn.filter(([wish]) => wish.title);
  if (named.length < 2) return;
  const list = element("div", "menu__list");
  for (const [wish, ids] of named) {
    const box = element("input", "tick");
    box.type = "checkbox";
    box.checked = !wish.off;
    box.addEventListener("change", () => show(map, ids, box.checked));
    list.append(element("label", "menu__item", box, wish.title));
  }
  tools.append(element("details", "menu menu--start", element("summary", "btn btn--secondary", word("mapLayers")), list));
}

function popups(map: MapLibre): (wish: LayerWish) => (feature: MapGeoJSONFeature | null) => void {
  const popup = new Popup({ closeButton: false, closeOnClick: false, offset: 14, className: "map-popup" });
  return (wish) => (feature) => {
    const text = feature ? String(feature.properties[wish.label] ?? "") : "";
    if (!feature || !text || feature.geometry.type !== "Point") {
      popup.remove();
      return;
    }
    popup.setLngLat(feature.geometry.coordinates as [number, number]).setText(text).addTo(map);
  };
}

/** Refresh every layer: the page dispatches "huying:refresh" on the element, or a live topic named in data-live-map speaks. */
function refreshing(map: MapLibre, host: HTMLElement, all: LayerWish[]): void {
  const again = async (wish: LayerWish, headers: HeadersInit): Promise<void> => {
    const source = map.getSource(wish.id);
    if (!source || !("setData" in source)) return;
    const answer = await fetch(new URL(wish.src, document.baseURI), { headers }).catch(() => null);
    if (answer?.ok) (source as { setData: (data: unknown) => void }).setData(await answer.json());
  };
  const everything = (headers: HeadersInit): void => all.forEach((wish) => void again(wish, headers));
  host.addEventListener("huying:refresh", () => everything({}));
  document.addEventListener("huying:live", (event) => {
    const { topic } = (event as CustomEvent<{ topic: string }>).detail;
    if (host.dataset.liveMap?.split(/\s+/).includes(topic)) everything({ "X-Live-Refresh": "1" }); // nobody sits there
  });
}

export async function openMap(host: HTMLElement): Promise<void> {
  if (host.classList.contains("is-ready")) return;
  const colours = palette(host);
  const canvas = element("div", "map-canvas");
  const tools = element("div", "map-tools");
  const hint = element("p", "map-hint");
  hint.setAttribute("role", "status");
  const say = (text: string): void => {
    hint.textContent = text;
    hint.hidden = !text;
  };
  let map: MapLibre;
  try {
    host.prepend(canvas);
    map = makeMap(host, canvas, colours);
  } catch {
    canvas.remove();
    const words = host.querySelector(".map-words");
    if (words) words.textContent = word("mapNone");
    return;
  }
  host.append(tools, hint);
  say(host.getAttribute("hint") ?? "");
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.touchZoomRotate.disableRotation();
  map.on("load", () => {
    addLights(map, colours);
    if (!host.hasAttribute("tianditu")) addGround(map, host, colours);
    const all = wishes(host);
    const drawn = all.map((wish): [LayerWish, string[]] => [wish, addLayer(map, wish, colours)]);
    layerSwitches(map, tools, drawn);
    refreshing(map, host, all);
    startPlan(map, host, colours);
    const bounds = new LngLatBounds();
    if (host.hasAttribute("draw")) for (const point of startDraw(map, host, tools, colours, say)) bounds.extend(point);
    else if (!host.hasAttribute("pick")) {
      const popup = popups(map);
      for (const wish of all) listen(map, wish, popup(wish));
    }
    const stands = host.hasAttribute("lon") ? Promise.resolve() : fit(map, all, bounds);
    if (host.hasAttribute("pick")) startPick(map, host, tools, say, stands);
    else {
      host.classList.add("is-ready");
      stands.catch(() => undefined); // what cannot be read leaves the map where it is
    }
    host.dispatchEvent(new CustomEvent("huying:map", { bubbles: true, detail: { map } }));
  });
}
