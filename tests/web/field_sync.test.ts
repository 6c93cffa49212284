/** What the phone sends next, what answers change, and what a page of changes does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { overlayRecords, overlayTasks } from "../../web/src/field/overlay";
import * as core from "../../web/src/field/sync-core";
import type { Answer, Row, Sent } from "../../web/src/field/types";

const row = (seq: number, more: Partial<Row> = {}): Row => ({ id: `op${seq}`, seq, kind: "report", subject: null, base: null, branch: null, after: [], at: "2026-03-10T01:00:00Z", body: {}, files: [], state: "ready", title: "", answer: null, ...more });
const ids = (rows: { id: string }[]): string[] => rows.map((one) => one.id);
const none = new Map();
const uploads = (...all: [string, boolean, string?][]) => new Map(all.map(([id, done, refused = ""]) => [id, { done, refused }]));

test("operations go in order, at most a hundred at a time", () => {
  const rows = Array.from({ length: 150 }, (_one, at) => row(150 - at));
  const batch = core.sendable(rows, none);
  assert.equal(batch.length, 100);
  assert.deepEqual(ids(batch).slice(0, 3), ["op1", "op2", "op3"]);
});

test("one whose photo is on its way is left out, with what builds on it, and holds nothing else", () => {
  const rows = [row(1, { files: ["a"], branch: "b" }), row(2), row(3, { branch: "b" }), row(4, { after: ["op3"] }), row(5)];
  assert.deepEqual(ids(core.sendable(rows, uploads(["a", false]))), ["op2", "op5"]);
  assert.deepEqual(ids(core.sendable(rows, uploads(["a", true]))), ["op1", "op2", "op3", "op4", "op5"]);
});

test("refused, waiting, conflicting and applied ones are not sent again", () => {
  const states = ["refused", "waiting", "conflict", "applied", "ready"] as const;
  assert.deepEqual(ids(core.sendable(states.map((state, at) => row(at + 1, { state })), none)), ["op5"]);
});

test("uploads are asked for in the order operations need them, also for those that wait at the server", () => {
  const rows = [row(3, { files: ["c", "a"] }), row(1, { files: ["a", "b"], state: "waiting" }), row(2, { files: ["d"], state: "refused" })];
  assert.deepEqual(core.neededUploads(rows, uploads(["a", false], ["b", true], ["c", false], ["d", false])), ["a", "c"]);
  assert.deepEqual(core.neededUploads(rows, uploads(["a", false, "too large"], ["c", false])), ["c"]);
});

test("an operation whose photo is refused is refused with the reason, so that it can be mended", () => {
  const refused = core.refusedByUpload([row(1, { files: ["a"] }), row(2)], uploads(["a", false, "不是照片"]));
  assert.deepEqual(refused.map((one) => [one.id, one.state, one.answer?.message]), [["op1", "refused", "不是照片"]]);
});

test("answers change the rows they are about and nothing else", () => {
  const rows = [row(1), row(2), row(3, { state: "waiting" }), row(4, { state: "applied" })];
  const answers: Answer[] = [
    { id: "op1", state: "applied", made: { case: "1" } },
    { id: "op2", state: "refused", message: "事项已停用" },
    { id: "op3", state: "gone" },
    { id: "op4", state: "refused" },
    { id: "unknown", state: "applied" },
  ];
  const { changed, removed } = core.absorb(rows, answers);
  assert.deepEqual(changed.map((one) => [one.id, one.state]), [["op1", "applied"], ["op2", "refused"]]);
  assert.deepEqual(removed, ["op3"]);
  assert.deepEqual(core.absorb(changed, answers), { changed: [], removed: [] });
});

test("the form an operation was filled in is kept until it has arrived", () => {
  const definition = { code: "small", version: "1", title: {}, items: [] };
  const rows = [1, 2].map((seq) => row(seq, { kind: "submission", definition }));
  const { changed } = core.absorb(rows, [{ id: "op1", state: "applied" }, { id: "op2", state: "refused", message: "照片没有送到" }]);
  assert.deepEqual(changed.map((one) => one.definition), [undefined, definition]);
});

test("one the server has forgotten is sent again", () => {
  const rows = [row(1, { state: "waiting" }), row(2, { state: "waiting" })];
  assert.deepEqual(core.waiting(rows), ["op1", "op2"]);
  assert.deepEqual(core.forgotten(rows, ["op1", "op2"], [{ id: "op1", state: "waiting" }]).map((one) => [one.id, one.state]), [["op2", "ready"]]);
});

test("a page drops first and puts after, and may order everything anew", () => {
  const record = (k: string, id: string): Sent => ({ k, id, v: 1, b: {} });
  const change = core.turn({ cursor: "9", more: true, reset: false, records: [record("form", "a"), record("task", "t")], gone: [["form", "*"], ["task", "t"]] });
  assert.deepEqual(change.drop, ["form:*", "task:t"]);
  assert.deepEqual(ids(change.put), ["a", "t"]);
  assert.equal(change.clear, false);
  assert.equal(core.turn({ cursor: "", more: true, reset: true, records: [], gone: [] }).clear, true);
});

test("parts cover a file once, from wherever it stood", () => {
  const seen: number[] = [];
  for (let part = core.nextPart(100, 1000, 300); part; part = core.nextPart(part[1], 1000, 300)) seen.push(...part);
  assert.deepEqual(seen, [100, 400, 400, 700, 700, 1000]);
  assert.equal(core.nextPart(1000, 1000), null);
  assert.equal(core.PART <= 256 * 1024, true);
});

test("tries grow apart, are spread, and stay within five minutes", () => {
  assert.deepEqual([0, 1, 2, 20].map((tries) => core.pauseBefore(tries, 1)), [2000, 4000, 8000, 300_000]);
  assert.equal(core.pauseBefore(3, 0), 8000);
});

test("a batch nobody can read is halved down to the one that is bad", () => {
  assert.deepEqual(core.halves([1, 2, 3, 4, 5]), [[1, 2, 3], [4, 5]]);
  assert.deepEqual(core.halves([1, 2]), [[1], [2]]);
});

test("changes to one record build on each other until they have arrived", () => {
  const first = row(1, { kind: "record", subject: "p", base: 4, branch: "b" });
  const second = row(2, { kind: "record", subject: "p", base: 5, branch: "b", state: "waiting" });
  assert.deepEqual(core.building([first, second], "p", 4), { base: 6, branch: "b", after: ["op2"] });
  assert.deepEqual(core.building([{ ...first, state: "applied" }], "p", 5), { base: 5, branch: null, after: [] });
  assert.deepEqual(core.building([first], "other", 0), { base: 0, branch: null, after: [] });
});

test("what was done here shows at once: tasks, changed records and new ones", () => {
  const task: Sent = { k: "task", id: "t", v: 1, b: { state: "open", title: "检查" } };
  const done = row(1, { kind: "submission", body: { task: "t" } });
  assert.deepEqual(overlayTasks([task], [done]).map((one) => [one.b.state, one.mine]), [["done", true]]);
  assert.deepEqual(overlayTasks([task], [{ ...done, kind: "skip", state: "applied" }]).map((one) => [one.b.state, one.mine]), [["skipped", false]]);
  assert.deepEqual(overlayTasks([task], [{ ...done, state: "refused" }]), [task]);
  const known: Sent = { k: "premises", id: "p", v: 2, b: { name: "老张面馆", phone: "1" } };
  const changes = [
    row(3, { kind: "record", subject: "n", body: { kind: "premises", changes: { name: "新店" } } }),
    row(2, { kind: "record", subject: "p", body: { kind: "premises", changes: { phone: "2" } } }),
    row(4, { kind: "record", subject: "p", body: { kind: "premises", changes: { phone: "3" } } }),
  ];
  const shown = overlayRecords("premises", [known], changes);
  assert.deepEqual(shown.map((one) => [one.id, one.b.name, one.b.phone, one.mine]), [["p", "老张面馆", "3", true], ["n", "新店", undefined, true]]);
  assert.equal(known.b.phone, "1");
});
