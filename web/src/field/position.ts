/** Where the worker is: asked only while on duty or when a button asks, never otherwise. */
import type { Point } from "./types";

const EXACT: PositionOptions = { enableHighAccuracy: true, timeout: 20_000, maximumAge: 15_000 };

const pointOf = ({ coords }: GeolocationPosition): Point => ({ lon: round(coords.longitude), lat: round(coords.latitude), accuracy: Math.round(coords.accuracy) });
const round = (degrees: number): number => Math.round(degrees * 1e6) / 1e6;

/** Once, now; null when the phone cannot or may not say. */
export function findPoint(): Promise<Point | null> {
  if (!("geolocation" in navigator)) return Promise.resolve(null);
  return new Promise((resolve) => navigator.geolocation.getCurrentPosition((fix) => resolve(pointOf(fix)), () => resolve(null), EXACT));
}

/** Keep telling, until the returned function is called. */
export function follow(tell: (point: Point, at: number) => void, refused: () => void): () => void {
  if (!("geolocation" in navigator)) {
    refused();
    return () => undefined;
  }
  const watch = navigator.geolocation.watchPosition((fix) => tell(pointOf(fix), fix.timestamp), (problem) => problem.code === problem.PERMISSION_DENIED && refused(), EXACT);
  return () => navigator.geolocation.clearWatch(watch);
}
