/** Bringing phone and server together: photos, then operations in order, then what changed. Runs in one tab at a time,
    only while the lock is open, and may be cut off at any point: everything it does can be done again. */
import { type Api, NoAnswer, Refusal } from "./api";
import { Files } from "./files";
import { clockOffset, ruling } from "./scope";
import type { Store } from "./store";
import * as core from "./sync-core";
import type { Answer, Page, Row, Sent, Session, Upload } from "./types";

export type Fault = "" | "offline" | "sign-in" | "server" | "other-person";
export type Phase = "" | "photos" | "up" | "down";

export interface Health {
  running: boolean;
  phase: Phase;
  /** Records read in this run, and how many there are in all while that is known. */
  read: number;
  total: number;
  first: boolean;
  last: number;
  fault: Fault;
}

export interface Hooks {
  session(session: Session, offset: number): Promise<boolean>;
  page(change: { clear: boolean; put: Sent[]; drop: string[] }): void;
  changed(): Promise<void>;
  purge(why: string): Promise<void>;
  /** The server does not know this device: it is to be made known again. */
  unknown(): Promise<void>;
  /** Nobody is signed in: only the phone's own number can still be asked about. */
  signedOut(): Promise<void>;
}

const OFTEN = 3 * 60_000;
const PAGE = 1000;

export class Sync {
  readonly health: Health = { running: false, phase: "", read: 0, total: 0, first: false, last: 0, fault: "" };
  private timer = 0;
  private tries = 0;
  private again = false;
  private stopped = false;
  private readonly files: Files;

  constructor(
    private readonly store: Store,
    private readonly api: Api,
    private readonly hooks: Hooks,
  ) {
    this.files = new Files(store, api);
  }

  start(): void {
    this.stopped = false;
    addEventListener("online", this.poke);
    this.poke();
  }

  stop(): void {
    this.stopped = true;
    removeEventListener("online", this.poke);
    clearTimeout(this.timer);
  }

  /** Now, or right after the run that is under way. */
  poke = (): void => {
    this.again = true;
    if (!this.health.running) void this.run();
  };

  private async run(): Promise<void> {
    if (this.stopped || this.store.locked) return;
    clearTimeout(this.timer);
    this.health.running = true;
    try {
      await navigator.locks.request("huying-field-sync", { ifAvailable: true }, async (held) => {
        while (held && this.again && !this.stopped) {
          this.again = false;
          await this.once();
        }
      });
      this.tries = 0;
      this.files.arrived();
    } catch (problem) {
      await this.failed(problem);
    } finally {
      Object.assign(this.health, { running: false, phase: "" });
      if (!this.stopped) this.timer = window.setTimeout(this.poke, this.health.fault ? core.pauseBefore(this.tries++, Math.random()) : OFTEN);
      if (!this.store.locked) await this.hooks.changed();
    }
  }

  private async failed(problem: unknown): Promise<void> {
    this.again = false;
    if (problem instanceof NoAnswer) this.health.fault = "offline";
    else if (problem instanceof Refusal) {
      const verdict = ruling(problem.status, problem.code);
      if (verdict === "purge") {
        this.stop();
        await this.hooks.purge(problem.code);
      }
      this.health.fault = verdict === "sign-in" ? "sign-in" : "server";
      if (verdict === "sign-in") await this.hooks.signedOut();
      if (problem.code === "device_not_found") await this.hooks.unknown();
    } else if (!this.store.locked) {
      this.health.fault = "server";
      console.error(problem);
    }
  }

  private async once(): Promise<void> {
    const asked = Date.now();
    const session = await this.api.get<Session>("/session");
    const offset = clockOffset(Date.parse(session.server_time), asked, Date.now());
    if (!(await this.hooks.session(session, offset))) {
      this.health.fault = "other-person";
      return;
    }
    this.health.fault = "";
    this.health.first = !(await this.store.meta<string>("cursor"));
    if (this.health.first && !session.ended) await this.pull();
    await this.strike();
    await this.push();
    await this.askWaiting();
    await this.pull(); // once the duty has ended the answer is that everything goes; what was done is there by now
    this.health.last = Date.now();
    this.health.first = false;
    await this.store.setMeta("last", this.health.last);
  }

  // --- up ---

  /** What was mended here is struck there, so that nothing waits for it any more. Done or unknown there: nothing to do. */
  private async strike(): Promise<void> {
    for (let struck = await this.store.struck(); struck.length; struck = await this.store.struck()) {
      const id = struck[0] ?? "";
      await this.api.remove(`/operations/${id}`).catch((problem: unknown) => {
        if (!(problem instanceof Refusal && [404, 409, 422].includes(problem.status))) throw problem;
      });
      await this.store.setMeta("struck", (await this.store.struck()).filter((one) => one !== id));
    }
  }

  private async state(): Promise<{ rows: Row[]; uploads: Map<string, Upload> }> {
    const [rows, uploads] = await Promise.all([this.store.rows(), this.store.uploads()]);
    return { rows, uploads: new Map(uploads.map((one) => [one.id, one])) };
  }

  /** What can go goes at once; then the photos, small ones together, each time with what became free by them. */
  private async push(): Promise<void> {
    for (;;) {
      let { rows, uploads } = await this.state();
      const refused = core.refusedByUpload(rows, uploads);
      if (refused.length) {
        await this.store.setRows(refused, []);
        ({ rows, uploads } = await this.state());
      }
      const batch = core.sendable(rows, uploads);
      if (batch.length) {
        this.health.phase = "up";
        await this.sendBatch(rows, batch);
        await this.hooks.changed();
        continue;
      }
      const needed = core.neededUploads(rows, uploads);
      if (!needed.length) return;
      this.health.phase = "photos";
      await this.files.send(needed, uploads);
    }
  }

  private async sendBatch(rows: Row[], batch: Row[]): Promise<void> {
    const operations = batch.map(({ id, seq, kind, subject, base, branch, after, at, body, files }) => ({ id, seq, kind, subject, base, branch, after, at, body, files }));
    try {
      const { results } = await this.api.post<{ results: Answer[] }>("/operations", { sent_at: new Date().toISOString(), operations });
      const told = new Set(results.map((one) => one.id));
      if (batch.some((row) => !told.has(row.id))) throw new NoAnswer("answers are missing");
      await this.take(rows, results);
    } catch (problem) {
      if (!(problem instanceof Refusal) || ![400, 413, 422].includes(problem.status)) throw problem;
      if (batch.length > 1) for (const half of core.halves(batch)) await this.sendBatch(rows, half);
      else await this.take(rows, [{ id: batch[0]?.id ?? "", state: "refused", message: problem.message }]);
    }
  }

  private async take(rows: Row[], answers: Answer[]): Promise<void> {
    const { changed, removed } = core.absorb(rows, answers);
    const over = new Set([...changed.filter((row) => row.state === "applied").map((row) => row.id), ...removed]);
    const freed = rows.filter((row) => over.has(row.id)).flatMap((row) => row.files);
    await this.store.setRows(changed, removed, freed);
  }

  private async askWaiting(): Promise<void> {
    const { rows } = await this.state();
    const ids = core.waiting(rows);
    for (let at = 0; at < ids.length; at += 50) {
      const asked = ids.slice(at, at + 50);
      const { results } = await this.api.get<{ results: Answer[] }>(`/operations?ids=${asked.join(",")}`);
      await this.take(rows, results);
      const lost = core.forgotten(rows, asked, results);
      if (lost.length) await this.store.setRows(lost, []);
    }
  }

  // --- down ---

  private async pull(): Promise<void> {
    this.health.phase = "down";
    this.health.read = 0;
    for (let more = true; more && !this.stopped; ) {
      const cursor = (await this.store.meta<string>("cursor")) ?? "";
      const page = await this.api.get<Page>(`/changes?cursor=${encodeURIComponent(cursor)}&size=${PAGE}`);
      const change = core.turn(page);
      await this.store.takePage(change.clear, change.put, change.drop, change.cursor);
      this.hooks.page(change);
      this.health.read += page.records.length;
      this.health.total = page.held ?? 0;
      if (page.cut !== undefined) await this.store.setMeta("cut", page.cut);
      more = change.more;
      if (this.health.first) await this.hooks.changed();
    }
  }

  /** Take back an operation that waits or was refused; the server strikes it too, where it knows it. */
  async remove(row: Row): Promise<void> {
    try {
      await this.api.remove(`/operations/${row.id}`);
    } catch (problem) {
      if (!(problem instanceof Refusal && problem.status === 404)) throw problem;
    }
  }
}
