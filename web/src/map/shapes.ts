/** What is drawn by hand, as plain points: reading and writing GeoJSON, and finding the edge one pressed. */
export type Point = [number, number];

/** The outline or line being drawn, and the parts of a loaded shape that are kept as they are. */
export interface Sketch {
  points: Point[];
  holes: Point[][];
  rest: Point[][][];
}

export const blank = (): Sketch => ({ points: [], holes: [], rest: [] });

function span(ring: Point[]): number {
  const [xs, ys] = [ring.map(([x]) => x), ring.map(([, y]) => y)];
  return (Math.max(...xs) - Math.min(...xs)) * (Math.max(...ys) - Math.min(...ys));
}

/** Of a shape in several parts the largest is taken to be edited. Null when the text is no shape that can be. */
export function readSketch(text: string): Sketch | null {
  try {
    const shape = JSON.parse(text) as GeoJSON.Geometry;
    if (shape.type === "LineString") return { ...blank(), points: shape.coordinates as Point[] };
    const parts = (shape.type === "Polygon" ? [shape.coordinates] : shape.type === "MultiPolygon" ? shape.coordinates : []) as Point[][][];
    const [largest, ...rest] = [...parts].sort((a, b) => span(b[0] ?? []) - span(a[0] ?? []));
    const [outer, ...holes] = largest ?? [];
    return outer ? { points: outer.slice(0, -1), holes, rest } : null;
  } catch {
    return null;
  }
}

export function lineOf({ points }: Sketch): GeoJSON.LineString | null {
  return points.length > 1 ? { type: "LineString", coordinates: points } : null;
}

export function polygonOf({ points, holes, rest }: Sketch): GeoJSON.Polygon | GeoJSON.MultiPolygon | null {
  const first = points[0];
  if (!first || points.length < 3) return null;
  const part = [[...points, first], ...holes];
  return rest.length ? { type: "MultiPolygon", coordinates: [part, ...rest] } : { type: "Polygon", coordinates: part };
}

/** After which corner a press at `at` falls on the line through `corners` (pixels), -1 when it is farther than `reach`. */
export function edgeAt(corners: Point[], closed: boolean, at: Point, reach: number): number {
  let best = -1;
  let least = reach;
  const last = closed ? corners.length : corners.length - 1;
  for (let number = 0; number < last; number++) {
    const a = corners[number];
    const b = corners[(number + 1) % corners.length];
    if (!a || !b) continue;
    const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    const share = Math.min(1, Math.max(0, ((at[0] - a[0]) * dx + (at[1] - a[1]) * dy) / (dx * dx + dy * dy || 1)));
    const far = Math.hypot(at[0] - a[0] - share * dx, at[1] - a[1] - share * dy);
    if (far >= least) continue;
    least = far;
    best = number;
  }
  return best;
}
