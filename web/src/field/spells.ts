/** My own time on duty and where I went: what the server keeps, with what this phone still has laid over it. Pure. */
import type { Noted } from "./duty";
import { metres } from "./geo";
import type { Row } from "./types";

export interface Spell {
  began: number;
  /** Null while it runs. */
  ended: number | null;
  points: { at: number; lon: number; lat: number }[];
}

export interface ServerSpell {
  began_at: string;
  ended_at: string | null;
  points: [string, number, number][];
}

const NEAR_M = 15;

/** Times on duty as they were switched here; a week of them is kept. */
function switched(rows: readonly Row[]): Spell[] {
  const spells: Spell[] = [];
  for (const row of rows.filter((one) => one.kind === "duty" && one.state !== "refused").sort((a, b) => a.at.localeCompare(b.at))) {
    const last = spells.at(-1);
    const open = last?.ended === null ? last : null;
    if (row.body.on && !open) spells.push({ began: Date.parse(row.at), ended: null, points: [] });
    else if (!row.body.on && open) open.ended = Date.parse(row.at);
  }
  return spells;
}

const overlap = (a: Spell, b: Spell): boolean => a.began <= (b.ended ?? Infinity) && b.began <= (a.ended ?? Infinity);

/** The spells, the newest first: those the server told, if it did, and what was switched here that it does not know yet. */
export function spellsOf(told: readonly ServerSpell[] | null, rows: readonly Row[], fresh: readonly Noted[] = []): Spell[] {
  const spells: Spell[] = (told ?? []).map((one) => ({ began: Date.parse(one.began_at), ended: one.ended_at ? Date.parse(one.ended_at) : null, points: one.points.map(([at, lon, lat]) => ({ at: Date.parse(at), lon, lat })) }));
  for (const own of switched(rows)) {
    const same = spells.find((one) => overlap(one, own));
    if (!same) spells.push(own);
    else same.ended ??= own.ended;
  }
  const written = rows.filter((row) => row.kind === "position" && row.state !== "refused").flatMap((row) => (row.body.points ?? []) as Noted[]);
  for (const [iso, lon, lat] of [...written, ...fresh]) {
    const at = Date.parse(iso);
    const spell = spells.find((one) => one.began <= at && at <= (one.ended ?? Infinity));
    if (spell && !spell.points.some((point) => Math.abs(point.at - at) < 1000)) spell.points.push({ at, lon, lat });
  }
  for (const spell of spells) spell.points.sort((a, b) => a.at - b.at);
  return spells.sort((a, b) => b.began - a.began);
}

/** Metres walked. Trembling on the spot is no walking. */
export function walked({ points }: Spell): number {
  let sum = 0;
  let here = points[0];
  for (const point of points) {
    const step = here ? metres(here, point) : 0;
    if (step < NEAR_M) continue;
    sum += step;
    here = point;
  }
  return sum;
}
