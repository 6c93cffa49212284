/** How long what is held may be held, and what must go. Pure: time comes from outside. */

const DAY = 24 * 3600_000;

export interface Standing {
  /** When the server last answered as this person's (ms of the server's clock). */
  server: number;
  holdDays: number;
  /** The latest moment ever seen here: turning the clock back does not gain time. */
  latest: number;
}

export type Verdict = { may: "work" | "warn" | "purge"; daysLeft: number };

/** Without the server longer than `holdDays` the records go; from half of it on the worker is told. */
export function judge(standing: Standing, now: number): Verdict {
  const moment = Math.max(now, standing.latest);
  const left = standing.server + standing.holdDays * DAY - moment;
  const daysLeft = Math.max(0, Math.ceil(left / DAY));
  if (left <= 0) return { may: "purge", daysLeft: 0 };
  return { may: left < (standing.holdDays * DAY) / 2 ? "warn" : "work", daysLeft };
}

/** What an answer of the server means for what is held here. */
export function ruling(status: number, code: string): "keep" | "sign-in" | "purge" {
  if (status === 403 && (code === "device_revoked" || code === "off_duty_ended")) return "purge";
  return status === 401 || status === 0 ? "sign-in" : "keep";
}

/** The server's clock less this one's, in ms; half the way there and back is taken off. */
export function clockOffset(server: number, asked: number, answered: number): number {
  return Math.round(server - (asked + answered) / 2);
}
