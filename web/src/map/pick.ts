/** Choosing one place: press the map, drag the pin, use the arrow keys, or take the device's position. */
import { type Map as MapLibre, Marker } from "maplibre-gl";
import { button, icon } from "../dom";
import { word } from "../words";

/** Further out a finger covers kilometres, and a map that does not know its district yet shows a continent. */
const NEAR_ENOUGH = 10;

function handle(label: string, name: string): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "map-pin";
  made.setAttribute("aria-label", label);
  made.append(icon(name));
  return made;
}

/** Arrow keys move a marker by screen steps; Shift makes them long. */
export function moveByKeys(map: MapLibre, marker: Marker, moved: () => void): void {
  const steps: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  marker.getElement().addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const far = event.shiftKey ? 20 : 4;
    const at = map.project(marker.getLngLat());
    marker.setLngLat(map.unproject([at.x + step[0] * far, at.y + step[1] * far]));
    moved();
  });
}

/** `stands` tells when the map shows its district: what is pressed before would be a place far away. */
export function startPick(map: MapLibre, host: HTMLElement, tools: HTMLElement, say: (text: string) => void, stands: Promise<void>): void {
  const input = (name: string): HTMLInputElement | null => document.querySelector(host.getAttribute(name) ?? "");
  const lon = input("lon-input");
  const lat = input("lat-input");
  let pin: Marker | null = null;

  const write = (): void => {
    const at = pin?.getLngLat();
    if (!at) return;
    for (const [field, value] of [[lon, at.lng], [lat, at.lat]] as const) {
      if (!field) continue;
      field.value = value.toFixed(6);
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
    host.dispatchEvent(new CustomEvent("huying:pick", { bubbles: true, detail: { lon: at.lng, lat: at.lat } }));
    say(word("mapPicked"));
  };
  const put = (at: [number, number], tell: boolean): void => {
    if (pin) pin.setLngLat(at);
    else {
      pin = new Marker({ element: handle(word("mapPicked"), "pin"), anchor: "bottom", draggable: true }).setLngLat(at).addTo(map);
      pin.on("dragend", write);
      moveByKeys(map, pin, write);
    }
    if (tell) write();
  };

  if (lon?.value && lat?.value) put([Number(lon.value), Number(lat.value)], false);
  else say(word("mapOpening"));
  for (const field of [lon, lat]) {
    field?.addEventListener("change", (event) => {
      if (!event.isTrusted || !lon?.value || !lat?.value) return;
      put([Number(lon.value), Number(lat.value)], false);
      map.easeTo({ center: [Number(lon.value), Number(lat.value)] });
    });
  }
  let open = false;
  const begin = (): void => {
    open = true;
    host.classList.add("is-ready");
    if (!pin) say(word("mapPick"));
  };
  stands.then(begin, () => say(word("mapNone")));
  const choose = (at: [number, number]): void => {
    if (!open) return;
    if (map.getZoom() >= NEAR_ENOUGH) return put(at, true);
    map.easeTo({ center: at, zoom: NEAR_ENOUGH + 2 });
    say(word("mapCloser"));
  };
  map.on("click", (event) => choose([event.lngLat.lng, event.lngLat.lat]));
  map.getCanvas().addEventListener("keydown", (event) => {
    if (event.key === "Enter") choose(map.getCenter().toArray());
  });
  if ("geolocation" in navigator) tools.append(hereButton(map, put, say));
}

function hereButton(map: MapLibre, put: (at: [number, number], tell: boolean) => void, say: (text: string) => void): HTMLButtonElement {
  const here = button(word("mapHere"), "secondary", () => {
    here.setAttribute("aria-busy", "true");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        here.removeAttribute("aria-busy");
        put([coords.longitude, coords.latitude], true);
        map.easeTo({ center: [coords.longitude, coords.latitude], zoom: 16 });
      },
      () => {
        here.removeAttribute("aria-busy");
        say(word("mapHereRefused"));
      },
      { enableHighAccuracy: true, timeout: 10_000 },
    );
  });
  here.prepend(icon("pin"));
  return here;
}
