/** Distances as a walker needs them. */
export interface Spot {
  lon: number;
  lat: number;
}

const RADIUS = 6_371_008.8;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Metres between two places over the ground. */
export function metres(a: Spot, b: Spot): number {
  const half = Math.sin(radians(b.lat - a.lat) / 2) ** 2 + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * Math.sin(radians(b.lon - a.lon) / 2) ** 2;
  return 2 * RADIUS * Math.asin(Math.min(1, Math.sqrt(half)));
}

/** 60 → "60 m", 1240 → "1.2 km". */
export function farWords(distance: number): string {
  if (distance < 1000) return `${Math.max(10, Math.round(distance / 10) * 10)} m`;
  return `${(distance / 1000).toFixed(distance < 10_000 ? 1 : 0)} km`;
}

/** The order of walking that always goes to the nearest next; what has no place comes last. */
export function nearestFirst<T extends { lon: number | null; lat: number | null }>(spots: readonly T[], start: Spot | null): T[] {
  const rest = spots.filter((one) => one.lon === null || one.lat === null);
  const placed = spots.filter((one) => !rest.includes(one)).map((one) => ({ one, spot: { lon: one.lon ?? 0, lat: one.lat ?? 0 } }));
  const way: T[] = [];
  let here: Spot | null = start ?? placed[0]?.spot ?? null;
  while (placed.length && here) {
    const from = here;
    placed.sort((a, b) => metres(from, a.spot) - metres(from, b.spot));
    const next = placed.shift();
    if (next) way.push(next.one);
    here = next?.spot ?? null;
  }
  return [...way, ...rest];
}
