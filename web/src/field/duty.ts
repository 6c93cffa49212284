/** On duty or off. Only while on duty does the phone note where it is, and then it says so on every screen. */
import type { App } from "./app";
import { metres } from "./geo";
import { follow } from "./position";
import type { Point } from "./types";

const EVERY_MS = 60_000;
const FAR_M = 40;
const TOGETHER = 10;

export type Noted = [iso: string, lon: number, lat: number, accuracy: number];

export class Duty {
  on = false;
  refused = false;
  private points: Noted[] = [];
  private since = 0;
  private last: { point: Point; at: number } | null = null;
  private end: (() => void) | null = null;

  constructor(private readonly app: App) {}

  async begin(): Promise<void> {
    this.on = (await this.app.store.meta<boolean>("on_duty")) ?? false;
    this.follow();
  }

  /** What the server says counts unless a switch made here is still on its way. */
  hear(on: boolean): void {
    if (this.app.unsent.some((row) => row.kind === "duty") || on === this.on) return;
    this.on = on;
    void this.app.store.setMeta("on_duty", on);
    this.follow();
  }

  async turn(on: boolean, title: string): Promise<void> {
    if (!on) await this.flush();
    this.on = on;
    this.since = Date.now();
    await this.app.store.setMeta("on_duty", on);
    this.follow();
    await this.app.send({ kind: "duty", title, body: { on } });
  }

  /** Stop looking where we are; what was noted is kept for sending unless everything goes. */
  async rest(keep = true): Promise<void> {
    this.end?.();
    this.end = null;
    if (keep) await this.flush();
    this.points = [];
  }

  private follow(): void {
    this.end?.();
    this.end = null;
    if (!this.on) {
      this.app.draw();
      return;
    }
    this.refused = false;
    this.end = follow(
      (point, at) => this.note(point, at),
      () => {
        this.refused = true;
        this.app.draw();
      },
    );
    this.app.draw();
  }

  private note(point: Point, at: number): void {
    this.app.point = point;
    this.app.draw();
    if (at < this.since) return; // where it was before is nobody's business
    const moved = !this.last || at - this.last.at >= EVERY_MS || (metres(point, this.last.point) >= FAR_M && at - this.last.at >= 15_000);
    if (!moved) return;
    this.last = { point, at };
    this.points.push([new Date(at).toISOString(), point.lon, point.lat, point.accuracy]);
    if (this.points.length >= TOGETHER) void this.flush();
  }

  /** What was noted and is not written down yet. */
  get noted(): readonly Noted[] {
    return this.points;
  }

  /** Write down what was noted since the last time. */
  private async flush(): Promise<void> {
    if (!this.points.length || this.app.store.locked) return;
    const points = this.points.splice(0);
    await this.app.send({ kind: "position", title: "", body: { points } });
  }
}
