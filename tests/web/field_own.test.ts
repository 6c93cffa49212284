/** Corrections answer by answer, and my own record with what waits here laid over it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { allJudged, allSent, disputeWords, isAsked, knownAnswers, withWaiting } from "../../web/src/field/own";
import { building } from "../../web/src/field/sync-core";
import type { Row } from "../../web/src/field/types";
import { changesOf, loseSealed, seenAt, withChanges, withoutSealed } from "../../web/src/forms/changes";
import type { Answers, Definition } from "../../web/src/forms/types";

const item = (name: string, type = "text", more: object = {}) => ({ name, path: name, type, ...more });
const definition = {
  code: "small",
  version: "1",
  title: {},
  items: [
    item("clear"),
    item("who", "group", { children: [item("name", "text", { path: "who/name" }), item("phone", "text", { path: "who/phone" })] }),
    item("rooms", "repeat", { children: [item("area", "integer", { path: "rooms/area" }), item("sum", "calculate", { path: "rooms/sum" })] }),
  ],
} as unknown as Definition;
const before: Answers = { clear: "no", who: { name: "张三" }, rooms: [{ area: 1, sum: 1 }, { area: 2, sum: 2 }], _findings: { clear: { days: 3, photos: ["a"] } } };

test("a correction names each answer that differs, and nothing that is calculated", () => {
  const after: Answers = { clear: "yes", who: { name: "张三", phone: "1" }, rooms: [{ area: 1, sum: 1 }, { area: 9, sum: 9 }] };
  const changes = changesOf(definition, before, after);
  assert.deepEqual(changes, { clear: "yes", "who/phone": "1", "rooms/1/area": 9, "_findings/clear": null });
  assert.deepEqual(Object.keys(changes).map((path) => seenAt(before, path)), ["no", null, 2, { days: 3, photos: ["a"] }]);
  assert.deepEqual(changesOf(definition, withChanges(before, changes), after), {});
  assert.deepEqual(changesOf(definition, before, JSON.parse(JSON.stringify(before)) as Answers), {});
});

test("an order of names is no difference, another number of instances is one of the whole", () => {
  assert.deepEqual(changesOf(definition, before, { ...before, _findings: { clear: { photos: ["a"], days: 3 } } } as Answers), {});
  assert.deepEqual(Object.keys(changesOf(definition, before, { ...before, rooms: [{ area: 1, sum: 1 }] })), ["rooms"]);
});

test("questions whose answers lie sealed elsewhere are not asked", () => {
  const left = withoutSealed(definition, ["who/name", "rooms/1/area"]);
  assert.deepEqual(left.items.map((one) => (one.children ?? []).map((each) => each.name)), [[], ["phone"], ["sum"]]);
  assert.equal(withoutSealed(definition, []), definition);
});

test("the rows of a list with sealed answers stay as many as they are", () => {
  const left = withoutSealed(definition, ["rooms/1/area", "who/name"]);
  assert.deepEqual(left.items.map((one) => one.fixed ?? false), [false, false, true]);
  assert.deepEqual(loseSealed(left, { rooms: [{ sum: 1 }], "rooms/0/sum": 3, "who/phone": "2" }), ["rooms"]);
  assert.deepEqual(loseSealed(definition, { rooms: [] }), []);
  const nested = { ...definition, items: [item("floors", "repeat", { children: [item("rooms", "repeat", { path: "floors/rooms", children: [item("who", "text", { path: "floors/rooms/who" })] })] })] } as unknown as Definition;
  assert.deepEqual(loseSealed(withoutSealed(nested, ["floors/0/rooms/2/who"]), { "floors/0/rooms": [], floors: [] }), ["floors/0/rooms", "floors"]);
});

const row = (seq: number, more: Partial<Row> = {}): Row => ({ id: `op${seq}`, seq, kind: "amendment", subject: "form1", base: 0, branch: null, after: [], at: "2026-03-10T02:00:00Z", body: { submission: "form1" }, files: [], state: "ready", title: "", answer: null, ...more });
const own = row(1, { id: "form1", kind: "submission", state: "applied", at: "2026-03-10T01:00:00Z", body: { form: "small", version: "1", answers: before } });
const fix = (seq: number, changes: object, state: Row["state"] = "ready"): Row => row(seq, { state, body: { submission: "form1", changes } });

test("what a form says is known here only while nobody else corrected it", () => {
  assert.deepEqual(knownAnswers([own], "form1", 0), before);
  assert.equal(knownAnswers([own], "form1", 1), null);
  assert.equal(knownAnswers([], "form1", 0), null);
  const told = knownAnswers([own, fix(2, { clear: "yes" }, "applied"), fix(3, { "who/name": "李四" }), fix(4, { clear: "x" }, "refused")], "form1", 1);
  assert.deepEqual([told?.clear, (told?.who as Answers).name], ["yes", "李四"]);
  assert.equal(knownAnswers([own, fix(2, { clear: "yes" }, "conflict")], "form1", 0), null);
  assert.equal(withWaiting({ clear: "no" }, [fix(2, { clear: "yes" }, "applied")], "form1").clear, "no");
  assert.equal(withWaiting({ clear: "no" }, [fix(2, { clear: "yes" }, "waiting")], "form1").clear, "yes");
});

test("one correction builds on the one that has not arrived", () => {
  const rows = [row(2, { branch: "b" }), row(3, { kind: "record" })];
  assert.deepEqual(building(rows, "form1", 4, "amendment"), { base: 1, branch: "b", after: ["op2"] });
  assert.deepEqual(building([row(2, { state: "conflict" })], "form1", 4, "amendment"), { base: 4, branch: null, after: [] });
});

test("forms that have not arrived stand among the others, the newest first, once", () => {
  const held = [{ k: "filled", id: "old", v: 1, b: { form: "small", at: "2026-03-09T01:00:00Z" } }, { k: "filled", id: "form1", v: 1, b: { form: "small", at: "2026-03-10T01:00:00Z" } }];
  const fresh = { ...own, id: "form2", state: "ready" as const, at: "2026-03-10T03:00:00Z" };
  assert.deepEqual(allSent(held, [own, fresh, { ...fresh, id: "bad", state: "refused" as const }]).map((one) => one.id), ["form2", "form1", "old"]);
});

test("a verdict is answered once, as it was read", () => {
  const body = { about: "check_in", id: 7, verdict: "wrong", judged_at: "2026-03-10T05:00:00Z", may_answer: true, answer: "" };
  const held = [{ k: "judged", id: "check_in-7", v: 1, b: body }];
  const said = row(5, { kind: "answer", body: { about: "check_in", id: 7, judged_at: "2026-03-10T05:00:00Z", text: "院门锁了" } });
  const [open] = allJudged(held, []);
  assert.ok(open && isAsked(open));
  const [told] = allJudged(held, [said]);
  assert.deepEqual([told?.mayAnswer, told?.answer, told?.row?.id], [false, "院门锁了", "op5"]);
  const earlier = { ...said, body: { ...said.body, judged_at: "2026-03-09T05:00:00Z" } };
  assert.ok(allJudged(held, [earlier]).every(isAsked));
  assert.ok(allJudged(held, [{ ...said, state: "refused" as const }]).every(isAsked));
  assert.ok(!allJudged([{ k: "judged", id: "check_in-7", v: 1, b: { ...body, verdict: "fine" } }], []).some(isAsked));
});

test("other corrections are said to be done only where some were", () => {
  const told = (made: object): string => disputeWords(row(1, { state: "conflict", answer: { id: "op1", state: "conflict", message: "", made } as unknown as Row["answer"] }));
  assert.match(told({ dispute: 1, corrected: true }), /其他的更正已经办好/);
  for (const made of [{ dispute: 1, corrected: false }, { dispute: 1 }]) assert.equal(told(made), "两个值都留着，负责人看过再定。");
});
