/** How our maps look: colours from the page's own tokens, so light and dark follow by themselves. */
import type { ExpressionSpecification, Map as MapLibre, StyleSpecification } from "maplibre-gl";

export interface Palette {
  land: string;
  water: string;
  shore: string;
  green: string;
  road: string;
  kerb: string;
  building: string;
  wall: string;
  soft: string;
  surface: string;
  edge: string;
  ink: string;
  brand: string;
  tint: string;
  lights: Record<string, string>;
}

export function palette(host: HTMLElement): Palette {
  const style = getComputedStyle(host);
  const token = (name: string): string => style.getPropertyValue(`--color-${name}`).trim() || "#888";
  return {
    land: token("map-land"),
    water: token("map-water"),
    shore: token("map-shore"),
    green: token("map-green"),
    road: token("map-road"),
    kerb: token("map-kerb"),
    building: token("map-building"),
    wall: token("map-wall"),
    soft: token("soft"),
    surface: token("surface"),
    edge: token("edge"),
    ink: token("ink"),
    brand: token("brand"),
    tint: token("brand-tint"),
    lights: { none: token("brand"), blue: token("blue"), yellow: token("yellow-mark"), red: token("red"), black: token("ink") },
  };
}

/** Light as a number, so that a cluster shows the worst it holds. */
export const severity: ExpressionSpecification = ["match", ["get", "light"], "blue", 1, "yellow", 2, "red", 3, "black", 4, 0];

export function severityColour(colours: Palette, value: ExpressionSpecification): ExpressionSpecification {
  const { none, blue, yellow, red, black } = colours.lights as Record<"none" | "blue" | "yellow" | "red" | "black", string>;
  return ["match", value, 1, blue, 2, yellow, 3, red, 4, black, none];
}

export function baseStyle(colours: Palette, tianditu: string): StyleSpecification {
  const style: StyleSpecification = {
    version: 8,
    sources: {},
    layers: [{ id: "land", type: "background", paint: { "background-color": colours.land } }],
  };
  if (!tianditu) return style;
  for (const layer of ["vec", "cva"]) {
    const query = `SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=${layer}&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=${encodeURIComponent(tianditu)}`;
    style.sources[layer] = {
      type: "raster",
      tileSize: 256,
      maxzoom: 18,
      tiles: [0, 1, 2, 3].map((host) => `https://t${host}.tianditu.gov.cn/${layer}_w/wmts?${query}`),
      attribution: "© 天地图",
    };
    style.layers.push({ id: layer, type: "raster", source: layer });
  }
  return style;
}

const shapes: Record<string, (pen: CanvasRenderingContext2D, size: number) => void> = {
  none: (pen, size) => pen.arc(size / 2, size / 2, size * 0.3, 0, Math.PI * 2),
  blue: (pen, size) => pen.arc(size / 2, size / 2, size * 0.36, 0, Math.PI * 2),
  yellow: (pen, size) => corners(pen, size, [[0.5, 0.1], [0.92, 0.86], [0.08, 0.86]]),
  red: (pen, size) => corners(pen, size, [[0.17, 0.17], [0.83, 0.17], [0.83, 0.83], [0.17, 0.83]]),
  black: (pen, size) => corners(pen, size, [[0.5, 0.05], [0.95, 0.5], [0.5, 0.95], [0.05, 0.5]]),
};

function corners(pen: CanvasRenderingContext2D, size: number, points: [number, number][]): void {
  for (const [x, y] of points) pen.lineTo(x * size, y * size);
  pen.closePath();
}

/** One image a light: colour and shape together, with a rim that stands out on any ground. */
export function addLights(map: MapLibre, colours: Palette): void {
  const size = 44;
  for (const [name, draw] of Object.entries(shapes)) {
    if (map.hasImage(`light-${name}`)) continue;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = size;
    const pen = canvas.getContext("2d");
    if (!pen) continue;
    pen.beginPath();
    draw(pen, size);
    pen.lineJoin = "round";
    pen.lineWidth = 5;
    pen.strokeStyle = colours.surface;
    pen.stroke();
    pen.fillStyle = colours.lights[name] ?? colours.brand;
    pen.fill();
    map.addImage(`light-${name}`, pen.getImageData(0, 0, size, size), { pixelRatio: 2 });
  }
}
