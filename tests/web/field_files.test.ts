/** Photos on their way: small ones together, each by its own answer; one by one when a bundle is refused or breaks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { NoAnswer, Refusal } from "../../web/src/field/api";
import { Files } from "../../web/src/field/files";
import * as core from "../../web/src/field/sync-core";
import type { Upload } from "../../web/src/field/types";

const upload = (id: string, more: Partial<Upload> = {}): Upload => ({ id, type: "image/jpeg", size: 5, offset: 0, done: false, refused: "", ...more });
const sizes = (...all: [string, number, number?][]) => new Map(all.map(([id, size, offset = 0]) => [id, { size, offset }]));

interface Head {
  id: string;
  size: number;
  type: string;
}

/** A phone's shelf and a server that takes what comes, unless it is told to answer otherwise. */
class World {
  readonly uploads = new Map<string, Upload>();
  readonly blobs = new Map<string, Blob>();
  readonly asked: string[] = [];
  readonly there = new Map<string, string>();
  answers = new Map<string, { state: string; received?: number; message?: string }>();
  trouble: (() => Error | null)[] = [];
  omit = "";
  readonly files = new Files(
    { blob: async (id) => this.blobs.get(id) ?? null, setUpload: async (one) => void this.uploads.set(one.id, one) },
    { get: (path) => this.get(path), put: (path, part) => this.put(path, part), bundle: (path, body) => this.bundle(path, body) },
  );

  constructor(...all: [string, string][]) {
    for (const [id, text] of all) {
      this.blobs.set(id, new Blob([text]));
      this.uploads.set(id, upload(id, { size: new Blob([text]).size }));
    }
  }

  private answer<T>(value: unknown): Promise<T> {
    const problem = this.trouble.shift()?.();
    return problem ? Promise.reject(problem) : Promise.resolve(value as T);
  }

  private async bundle<T>(path: string, body: Blob): Promise<T> {
    const bytes = new Uint8Array(await body.arrayBuffer());
    let at = bytes.indexOf(10) + 1;
    const text = (from: number, to: number): string => new TextDecoder().decode(bytes.slice(from, to));
    const head = JSON.parse(text(0, at)) as Head[];
    this.asked.push(`POST ${path} ${head.map((one) => one.id).join(" ")}`);
    const results = head.map(({ id, size }) => {
      this.there.set(id, text(at, at + size));
      at += size;
      return { id, state: "taken", received: size, code: "", message: "", ...this.answers.get(id) };
    });
    assert.equal(at, bytes.length, "the lengths are true");
    return this.answer<T>({ results: results.filter((one) => one.id !== this.omit) });
  }

  private get<T>(path: string): Promise<T> {
    this.asked.push(`GET ${path}`);
    return this.answer<T>({ received: 2 });
  }

  private async put<T>(path: string, part: Blob): Promise<T> {
    this.asked.push(`PUT ${path.split("?")[0]}`);
    const offset = Number(new URLSearchParams(path.split("?")[1]).get("offset"));
    return this.answer<T>({ received: offset + part.size });
  }

  /** As a run does: until nothing is needed any more. */
  async run(): Promise<void> {
    for (;;) {
      const open = [...this.uploads.values()].filter((one) => !one.done && !one.refused).map((one) => one.id);
      if (!open.length) return;
      await this.files.send(open, this.uploads);
    }
  }

  done = (): string[] => [...this.uploads.values()].filter((one) => one.done).map((one) => one.id);
}

test("small photos go together, at most sixteen and two megabytes, in their order", () => {
  const twenty = Array.from({ length: 20 }, (_one, at): [string, number] => [`u${at}`, 50_000]);
  assert.deepEqual(core.bundled(twenty.map(([id]) => id), sizes(...twenty)), twenty.slice(0, 16).map(([id]) => id));
  const big = Array.from({ length: 10 }, (_one, at): [string, number] => [`u${at}`, core.PART]);
  const chosen = core.bundled(big.map(([id]) => id), sizes(...big));
  assert.equal(chosen.length, 7);
  assert.equal(chosen.length * core.PART <= core.BUNDLE, true);
});

test("large ones and those under way go by themselves, and so does one alone", () => {
  const all = sizes(["a", 9], ["big", core.PART + 1], ["begun", 9, 4], ["b", 9], ["empty", 0]);
  assert.deepEqual(core.bundled(["a", "big", "begun", "empty", "b"], all), ["a", "b"]);
  assert.deepEqual(core.bundled(["big", "a", "b"], all), []);
  assert.deepEqual(core.bundled(["begun", "a", "b"], all), []);
  assert.deepEqual(core.bundled(["a", "big"], all), []);
  assert.deepEqual(core.bundled(["unknown", "a"], all), []);
});

test("one request brings all of them, byte for byte", async () => {
  const world = new World(["a", "first"], ["b", "第二\n"], ["c", "x"]);
  await world.run();
  assert.deepEqual(world.asked, ["POST /uploads a b c"]);
  assert.deepEqual(world.done(), ["a", "b", "c"]);
  assert.deepEqual([...world.there.values()], ["first", "第二\n", "x"]);
});

test("each is as its answer says: refused with the reason, begun in parts gone on with, known done", async () => {
  const world = new World(["a", "12345"], ["bad", "12345"], ["begun", "12345"], ["known", "12345"]);
  world.answers = new Map([["bad", { state: "refused", message: "不是照片" }], ["begun", { state: "partly", received: 2 }], ["known", { state: "known" }]]);
  await world.run();
  assert.deepEqual(world.asked, ["POST /uploads a bad begun known", "GET /uploads/begun", "PUT /uploads/begun"]);
  assert.deepEqual(world.done(), ["a", "begun", "known"]);
  assert.equal(world.uploads.get("bad")?.refused, "不是照片");
});

test("one the phone has lost is named, the others go", async () => {
  const world = new World(["a", "1"], ["lost", "2"], ["b", "3"]);
  world.blobs.delete("lost");
  await world.run();
  assert.deepEqual(world.asked, ["POST /uploads a b"]);
  assert.equal(world.uploads.get("lost")?.refused, "lost");
});

test("a refused bundle goes one by one, and nothing is refused for it", async () => {
  for (const status of [404, 405, 413, 422]) {
    const world = new World(["a", "1"], ["b", "2"]);
    world.trouble = [() => new Refusal(status, "bad_bundle", "no")];
    await world.run();
    assert.deepEqual(world.asked, ["POST /uploads a b", "PUT /uploads/a", "PUT /uploads/b"]);
    assert.deepEqual(world.done(), ["a", "b"]);
  }
});

test("a broken line ends the run; the next goes one by one, and the one after a good run together again", async () => {
  const world = new World(["a", "1"], ["b", "2"]);
  world.trouble = [() => new NoAnswer("cut")];
  await assert.rejects(world.run(), NoAnswer);
  assert.deepEqual(world.done(), []);
  await world.run();
  assert.deepEqual(world.asked.slice(1), ["PUT /uploads/a", "PUT /uploads/b"]);
  world.files.arrived();
  for (const id of ["a", "b"]) world.uploads.set(id, upload(id, { size: 1 }));
  await world.run();
  assert.deepEqual(world.asked.slice(3), ["POST /uploads a b"]);
});

test("a phone that is shut out or unknown stops there", async () => {
  for (const problem of [new Refusal(403, "device_revoked", ""), new Refusal(404, "device_not_found", ""), new Refusal(401, "signed_out", ""), new Refusal(429, "too_many", "")]) {
    const world = new World(["a", "1"], ["b", "2"]);
    world.trouble = [() => problem];
    await assert.rejects(world.run(), problem);
    assert.deepEqual(world.asked, ["POST /uploads a b"]);
    assert.deepEqual(world.done(), []);
  }
});

test("an answer that leaves one out is none", async () => {
  const world = new World(["a", "1"], ["b", "2"]);
  world.omit = "b";
  await assert.rejects(world.run(), NoAnswer);
  assert.deepEqual(world.done(), []);
});
