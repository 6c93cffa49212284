/** What has been done here lies over what the server sent, until the server knows it too. Pure. */
import type { Body, Held, Row, Sent } from "./types";

const counts = (row: Row): boolean => row.state === "ready" || row.state === "waiting" || row.state === "applied";

/** Tasks as they stand for the worker: one whose form has been filled here is done, though it may wait to be sent. */
export function overlayTasks(tasks: readonly Sent[], rows: readonly Row[]): Held[] {
  const ended = new Map<string, Row>();
  for (const row of rows) if (counts(row) && typeof row.body.task === "string") ended.set(row.body.task, row);
  return tasks.map((task) => {
    const row = ended.get(task.id);
    if (!row || (task.b.state ?? "open") !== "open") return task;
    return { ...task, b: { ...task.b, state: row.kind === "skip" ? "skipped" : "done", done_at: row.at }, mine: row.state !== "applied" };
  });
}

/** Records of one kind with the changes made here, and those that were born here. */
export function overlayRecords(kind: string, records: readonly Sent[], rows: readonly Row[]): Held[] {
  const changes = rows.filter((row) => row.kind === "record" && (row.state === "ready" || row.state === "waiting") && row.body.kind === kind && row.subject);
  if (!changes.length) return [...records];
  const found = new Map<string, Held>(records.map((record) => [record.id, record]));
  for (const row of [...changes].sort((a, b) => a.seq - b.seq)) {
    const id = row.subject as string;
    const before = found.get(id) ?? { k: kind, id, v: 0, b: {} };
    found.set(id, { ...before, b: { ...before.b, ...(row.body.changes as Body) }, mine: true });
  }
  return [...found.values()];
}
