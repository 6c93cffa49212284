/** Finding, distances, masks, and what a typed change becomes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { findIn, plain, searchable, searchText } from "../../web/src/field/finding";
import { farWords, metres, nearestFirst } from "../../web/src/field/geo";
import { draftFiles } from "../../web/src/field/media";
import { fieldsOf, lateness, maskName, maskValue, taskOf } from "../../web/src/field/shapes";
import { spellsOf, walked } from "../../web/src/field/spells";
import { formAgain, moved, withoutForm } from "../../web/src/field/filling";
import { begun } from "../../web/src/field/reporting";
import type { Draft, Row } from "../../web/src/field/types";
import type { Definition } from "../../web/src/forms/types";

const entries = [
  ["chen", ["陈桂芳", "cgf", "13800001234", "柳岸路 12 号 102 室"]],
  ["zhang", ["老张面馆", "lzmg", "0730-1234567", "柳岸路 5 号"]],
  ["shop", ["柳岸副食店", "柳岸路 3 号"]],
].map(([key, values]) => ({ key: key as string, text: searchText(values as string[]) }));

test("any fragment finds: name, pinyin, phone, address and room", () => {
  assert.deepEqual(["桂芳", "CGF", "1234", "12号102", "副食", "没有这个"].map((words) => findIn(entries, words)), [["chen"], ["chen"], ["zhang", "chen"], ["chen"], ["shop"], []]);
  assert.deepEqual(findIn(entries, "柳岸 5"), ["zhang"]);
  assert.deepEqual(findIn(entries, "柳岸")[0], "shop");
  assert.deepEqual(findIn(entries, "   "), []);
  assert.equal(findIn(entries, "柳岸", 2).length, 2);
  assert.equal(plain("１２ 号－Ａ"), "12号a");
});

test("letters in the code of a door are no initials, and the code itself still finds it", () => {
  const door = (code: string, name: string) => ({ key: code, text: searchable({ name, code, address: "供电大院1栋" }, []), code });
  const people = { key: "wang", text: searchable({ name: "王秀英", address: "供电大院一期很长的地址3栋502室", pinyin: ["wxy", "wangxiuying"] }, []) };
  const all = [door("9xwxzfae", "102室"), people, door("ab3cd4ef", "旺祥店")];
  assert.deepEqual(findIn(all, "wx"), ["wang"]);
  assert.deepEqual(findIn(all, "9xwx"), ["9xwxzfae"]);
  assert.deepEqual(findIn(all, "xwxz"), []);
  const inside = { key: "inside", text: "abc|大wxy" };
  assert.deepEqual(findIn([inside, people], "wx"), ["wang", "inside"]);
});

test("distances and the way from one to the next", () => {
  const here = { lon: 112.35, lat: 28.59 };
  assert.ok(Math.abs(metres(here, { lon: 112.35, lat: 28.6 }) - 1112) < 2);
  assert.deepEqual([4, 64, 1240, 23_400].map(farWords), ["10 m", "60 m", "1.2 km", "23 km"]);
  const spots = [{ id: "c", lon: 112.38, lat: 28.59 }, { id: "none", lon: null, lat: null }, { id: "a", lon: 112.351, lat: 28.59 }, { id: "b", lon: 112.36, lat: 28.59 }];
  assert.deepEqual(nearestFirst(spots, here).map((one) => one.id), ["a", "b", "c", "none"]);
  assert.deepEqual(nearestFirst(spots, null)[0]?.id, "c");
});

test("masks leave what is needed to recognise and no more", () => {
  assert.deepEqual([maskName("陈桂芳"), maskName("李明"), maskName("")], ["陈**", "李*", ""]);
  assert.equal(maskValue("13800001234", "phone"), "138****1234");
  assert.equal(maskValue("430902194503121234", "id_number"), "430902********1234");
  assert.equal(maskValue("1945-03-12", "date"), "1945-**-**");
});

test("late, soon, open and later", () => {
  const now = Date.parse("2026-03-10T01:00:00Z");
  const at = (opens: string, due: string) => lateness({ opens, due }, now);
  assert.equal(at("", "2026-03-09T01:00:00Z"), "late");
  assert.equal(at("", "2026-03-10T20:00:00Z"), "soon");
  assert.equal(at("", "2026-03-20T01:00:00Z"), "open");
  assert.equal(at("2026-03-15T01:00:00Z", "2026-03-20T01:00:00Z"), "later");
});

test("records are read whichever way a subject and a choice are written", () => {
  const base = { k: "task", id: "t", v: 1 };
  assert.deepEqual(taskOf({ ...base, b: { subject: { kind: "premises", uid: "p" } } }).subject, { kind: "premises", uid: "p" });
  assert.deepEqual(taskOf({ ...base, b: { subject_kind: "person", subject_uid: "r" } }).subject, { kind: "person", uid: "r" });
  assert.equal(taskOf({ ...base, b: {} }).subject, null);
  const [risk] = fieldsOf({ fields: [{ name: "risk", label: { zh: "风险" }, type: "choice", choices: [["red", "红"], { name: "green", label: "绿" }] }] });
  assert.deepEqual(risk?.choices, [{ name: "red", label: "红" }, { name: "green", label: "绿" }]);
});

const SPECS = [
  { name: "name", type: "text" },
  { name: "phone", type: "phone" },
  { name: "home", type: "ref" },
  { name: "register", type: "choice" },
  { name: "birth_date", type: "date" },
];

test("a record is found by what people say of it, not by its codes, dates and ids", () => {
  const body = { name: "李桂兰", pinyin: ["lgl", "liguilan"], phone: "13800138000", home: "0f9a1234-aaaa-4bbb-8ccc-1234567890ab", register: "local", birth_date: "1945-03-12", address: "湖滨路1号3号楼501房", premises: "0f9a1234-aaaa-4bbb-8ccc-1234567890ab", checked_at: "2026-03-10T01:00:00Z", lon: 112.35 };
  const entry = [{ key: "p", text: searchable(body, SPECS) }];
  for (const words of ["桂兰", "lgl", "guilan", "8000", "0138", "3栋501", "3号楼 501室", "湖滨 501"]) assert.deepEqual(findIn(entry, words), ["p"], words);
  for (const words of ["local", "1945", "0f9a", "2026", "112.35", "lg 502"]) assert.deepEqual(findIn(entry, words), [], words);
});

test("three thousand held records are searched in less than 50 ms", () => {
  const names = "王李张刘陈杨黄赵吴周";
  const bodies = Array.from({ length: 3000 }, (_one, n) => ({
    name: `${names[n % 10]}桂${names[(n * 7) % 10]}`, pinyin: ["wgl", "wangguilan"], phone: `138${String(10_000_000 + n * 37)}`, home: `0f9a1234-aaaa-4bbb-8ccc-${String(n).padStart(12, "0")}`,
    register: "local", address: `望湖街道柳岸社区湖滨路${n % 60}号${n % 9}栋${100 + (n % 900)}室`, language: "方言", note: "独居，子女在外地，每周走访一次",
  }));
  const began = performance.now();
  const entries = bodies.map((body, n) => ({ key: String(n), text: searchable(body, SPECS) }));
  const ready = performance.now();
  const words = ["桂", "wgl", "0370", "湖滨路7号", "402室", "王 3栋", "没有这个人"];
  const found = words.map((one) => findIn(entries, one).length);
  const each = (performance.now() - ready) / words.length;
  console.log(`# index ${Math.round(ready - began)} ms, a search ${each.toFixed(1)} ms`);
  assert.ok(each < 50, `${each} ms`);
  assert.ok(found.slice(0, 6).every((count) => count > 0) && found[6] === 0);
});

test("a report is about the record it was begun from, and never about one it is only opened from again", () => {
  const shop = { kind: "premises", uid: "s", name: "老张面馆" };
  const address = { place: "柳岸路 5 号", about: shop };
  assert.deepEqual([begun(undefined, address).about, begun(undefined, address).place, begun(undefined, {}).about], [shop, "柳岸路 5 号", null]);
  const left = (body: object): Draft => ({ id: "report", kind: "report", title: "", at: "", body: { text: "路灯不亮", ...body }, files: [] });
  const off = begun(left({ about: null, place: "" }), address);
  assert.deepEqual([off.text, off.about, off.place, off.photos], ["路灯不亮", null, "", []]);
  assert.equal(begun(left({}), address).about, null);
  assert.deepEqual(begun(left({ about: { ...shop, uid: "other" } }), address).about, { ...shop, uid: "other" });
});

test("a refused form is mended in the version it was filled in, and where that is gone it is said", () => {
  const [old, fresh] = ["1", "2"].map((version) => ({ code: "small", version, title: {}, items: [] }) as Definition);
  const row = { id: "op", seq: 1, state: "refused", body: { form: "small", version: "1", answers: { gone: "x" } }, definition: old } as unknown as Row;
  assert.equal(formAgain(row).definition, old);
  assert.equal(moved(formAgain(row), old as Definition), false);
  const bare = formAgain(withoutForm({ ...row, state: "applied" }));
  assert.deepEqual([bare.mends, bare.definition], ["op", undefined]);
  assert.equal(moved(bare, fresh as Definition), true);
  assert.equal(moved({ form: "small", answers: {} }, fresh as Definition), false);
  assert.equal(withoutForm(row).definition, old);
});

test("what the form gives is kept as it comes, panoramas too", async () => {
  const kept: Blob[] = [];
  const shelf = { addFile: (blob: Blob) => Promise.resolve(`file${kept.push(blob)}`), fileUrl: () => Promise.resolve("") };
  const draft = { files: ["before"] };
  let saved = 0;
  const panorama = new Blob([new Uint8Array(1_500_000)], { type: "image/jpeg" });
  assert.equal(await draftFiles(shelf, draft, () => Promise.resolve(void saved++)).add(panorama), "file1");
  assert.equal(kept[0], panorama);
  assert.deepEqual([draft.files, saved], [["before", "file1"], 1]);
});

test("what was found last reads the same clean, with findings, or never", () => {
  const last = { at: "2026-03-01T01:00:00Z", by: "小方", submission: "op1", findings: [{ label: "门前垃圾", state: { zh: "待复查" }, photos: [{ small: "/a", whole: "/b" }] }] };
  const read = (said: unknown) => taskOf({ k: "task", id: "t", v: 1, b: { last: said } }).last;
  assert.deepEqual([read(last)?.by, read(last)?.findings[0]?.photos.length, read({ ...last, findings: [] })?.findings, read(null)], ["小方", 1, [], null]);
});

const noted = (seq: number, kind: string, at: string, body: Row["body"], state: Row["state"] = "applied"): Row => ({ id: `op${seq}`, seq, kind, subject: null, base: null, branch: null, after: [], at, body, files: [], state, title: "", answer: null });

test("my own time on duty: from the server with what this phone still has, or from here alone", () => {
  const point = (minute: number, lat: number): [string, number, number, number] => [`2026-03-10T01:${String(minute).padStart(2, "0")}:00.000Z`, 112.35, lat, 8];
  const rows = [
    noted(1, "duty", "2026-03-10T01:00:00Z", { on: true }),
    noted(2, "position", "2026-03-10T01:20:00Z", { points: [point(20, 28.592), point(10, 28.59)] }, "ready"),
    noted(3, "duty", "2026-03-10T02:00:00Z", { on: false }, "ready"),
    noted(4, "position", "2026-03-10T03:00:00Z", { points: [["2026-03-10T03:00:00.000Z", 112.3, 28.5, 8]] }),
    noted(5, "duty", "2026-03-10T05:00:00Z", { on: true }, "refused"),
  ];
  const here = spellsOf(null, rows);
  assert.deepEqual(here.map((one) => [one.began, one.ended, one.points.map((spot) => spot.lat)]), [[Date.parse("2026-03-10T01:00:00Z"), Date.parse("2026-03-10T02:00:00Z"), [28.59, 28.592]]]);
  assert.ok(Math.abs(walked(here[0]!) - 222) < 2);
  const told = spellsOf([{ began_at: "2026-03-09T00:00:00Z", ended_at: "2026-03-09T01:00:00Z", points: [] }, { began_at: "2026-03-10T01:00:00Z", ended_at: null, points: [[point(10, 28.59)[0], 112.35, 28.59]] }], rows);
  assert.deepEqual(told.map((one) => one.points.length), [2, 0]); // the newest first; the same point is not told twice
  assert.equal(told[0]?.ended, here[0]?.ended); // switched off here, not yet known there
  assert.equal(spellsOf([], rows).length, 1);
  assert.equal(walked(told[1]!), 0);
});
