/** What is sent next, what an answer changes, when to try again. Pure: no network, no store, no clock. */
import { withoutForm } from "./filling";
import type { Answer, Page, Row, Sent, Upload } from "./types";

export const MOST = 100;
export const PART = 256 * 1024;
export const BUNDLED = 16;
export const BUNDLE = 2 * 1024 * 1024 - 8 * 1024; // what the server takes at once, less the line that says what comes

type Uploads = ReadonlyMap<string, Pick<Upload, "done" | "refused">>;

const arrived = (row: Row, uploads: Uploads): boolean => row.files.every((id) => uploads.get(id)?.done ?? true);
const bySeq = (a: Row, b: Row): number => a.seq - b.seq;

/** The next operations to send, in order. One whose photos are still on their way is left out, and with it what
    builds on it; everything else goes. */
export function sendable(rows: readonly Row[], uploads: Uploads, most = MOST): Row[] {
  const held = new Set<string>();
  const branches = new Set<string>();
  const chosen: Row[] = [];
  for (const row of rows.filter((one) => one.state === "ready").sort(bySeq)) {
    const builds = row.after.some((id) => held.has(id)) || (row.branch !== null && branches.has(row.branch));
    if (builds || !arrived(row, uploads)) {
      held.add(row.id);
      if (row.branch) branches.add(row.branch);
    } else if (chosen.length < most) chosen.push(row);
  }
  return chosen;
}

/** Uploads that operations wait for, in the order they are needed. */
export function neededUploads(rows: readonly Row[], uploads: Uploads): string[] {
  const asked = rows.filter((row) => row.state === "ready" || row.state === "waiting").sort(bySeq).flatMap((row) => row.files);
  return [...new Set(asked)].filter((id) => {
    const upload = uploads.get(id);
    return upload !== undefined && !upload.done && !upload.refused;
  });
}

/** Rows an answer changes, and those it takes away ("gone": removed on the server by the worker). */
export function absorb(rows: readonly Row[], answers: readonly Answer[]): { changed: Row[]; removed: string[] } {
  const known = new Map(rows.map((row) => [row.id, row]));
  const changed: Row[] = [];
  const removed: string[] = [];
  for (const answer of answers) {
    const row = known.get(answer.id);
    if (!row || row.state === "applied") continue;
    if (answer.state === "gone") removed.push(row.id);
    else if (row.state !== answer.state || row.answer?.message !== answer.message) changed.push(withoutForm({ ...row, state: answer.state, answer }));
  }
  return { changed, removed };
}

/** An operation whose photo the server will not have is refused here, so that it can be mended. */
export function refusedByUpload(rows: readonly Row[], uploads: Uploads): Row[] {
  return rows
    .filter((row) => row.state === "ready")
    .flatMap((row) => {
      const why = row.files.map((id) => uploads.get(id)?.refused).find(Boolean);
      return why ? [{ ...row, state: "refused" as const, answer: { id: row.id, state: "refused" as const, message: why } }] : [];
    });
}

/** Operations the server said wait; asked again by id. One it does not know of any more is sent again. */
export const waiting = (rows: readonly Row[]): string[] => rows.filter((row) => row.state === "waiting").map((row) => row.id);

export function forgotten(rows: readonly Row[], asked: readonly string[], answers: readonly Answer[]): Row[] {
  const known = new Set(answers.map((answer) => answer.id));
  const lost = new Set(asked.filter((id) => !known.has(id)));
  return rows.filter((row) => lost.has(row.id)).map((row) => ({ ...row, state: "ready", answer: null }));
}

/** Milliseconds before try number `tries` + 1: 2 s doubling to 5 minutes, spread by half so that phones do not march. */
export function pauseBefore(tries: number, chance: number): number {
  return Math.round(Math.min(2000 * 2 ** tries, 300_000) * (0.5 + chance / 2));
}

/** What one page of changes does to the records: what is gone goes first ("kind:*" is all of a kind), then the rest
    comes. An order from the server to begin anew empties them all. */
export function turn(page: Page): { clear: boolean; put: Sent[]; drop: string[]; cursor: string; more: boolean } {
  const put = new Map(page.records.map((record) => [`${record.k}:${record.id}`, record]));
  return { clear: page.reset, drop: page.gone.map(([kind, id]) => `${kind}:${id}`), put: [...put.values()], cursor: page.cursor, more: page.more };
}

/** Where the next part of an upload begins and ends; null when all of it is there. */
export function nextPart(offset: number, size: number, part = PART): [number, number] | null {
  return offset >= size ? null : [offset, Math.min(size, offset + part)];
}

/** Of the uploads that are needed, those that go in one request with the first: what would be one part each and of which
    nothing is there yet. None when the first is no such, or is the only one. */
export function bundled(ids: readonly string[], uploads: ReadonlyMap<string, Pick<Upload, "size" | "offset">>): string[] {
  const chosen: string[] = [];
  let room = BUNDLE;
  for (const id of ids) {
    const { size = 0, offset = 0 } = uploads.get(id) ?? {};
    if (size > 0 && size <= PART && !offset && size <= room && chosen.length < BUNDLED) {
      chosen.push(id);
      room -= size;
    } else if (!chosen.length) return [];
  }
  return chosen.length > 1 ? chosen : [];
}

/** Halves of a batch the server would not read as a whole, so that one bad operation does not hold the others. */
export function halves<T>(batch: readonly T[]): [T[], T[]] {
  const middle = Math.ceil(batch.length / 2);
  return [batch.slice(0, middle), batch.slice(middle)];
}

/** The base and branch of one more change to a record or a filled form: later changes of a branch build on the earlier ones. */
export function building(rows: readonly Row[], subject: string, version: number, kind = "record"): { base: number; branch: string | null; after: string[] } {
  const open = rows.filter((row) => row.kind === kind && row.subject === subject && (row.state === "ready" || row.state === "waiting")).sort(bySeq);
  const last = open.at(-1);
  return last ? { base: (last.base ?? version) + 1, branch: last.branch, after: [last.id] } : { base: version, branch: null, after: [] };
}
