/** How the app reads records of the sync protocol: each kind once, here. */
import type { Said } from "../forms/types";
import type { Body, Held } from "./types";

const text = (body: Body, ...names: string[]): string => {
  for (const name of names) if (typeof body[name] === "string" && body[name]) return body[name] as string;
  return "";
};
const number = (body: Body, name: string): number | null => (typeof body[name] === "number" ? (body[name] as number) : null);

export interface Task {
  id: string;
  kind: string;
  title: string;
  form: string;
  state: string;
  subject: { kind: string; uid: string } | null;
  premises: string;
  address: string;
  lon: number | null;
  lat: number | null;
  opens: string;
  due: string;
  priority: number;
  doneAt: string;
  why: string;
  last: Looked | null;
  round: string;
  mine: boolean;
}

export function taskOf({ id, b, mine }: Held): Task {
  const subject = (b.subject ?? null) as { kind?: string; uid?: string } | null;
  const uid = subject?.uid || text(b, "subject_uid");
  return {
    id,
    kind: text(b, "kind"),
    title: text(b, "title"),
    form: text(b, "form"),
    state: text(b, "state") || "open",
    subject: uid ? { kind: subject?.kind || text(b, "subject_kind"), uid } : null,
    premises: text(b, "premises", "premises_uid"),
    address: text(b, "address"),
    lon: number(b, "lon"),
    lat: number(b, "lat"),
    opens: text(b, "opens_at"),
    due: text(b, "due_at"),
    priority: number(b, "priority") ?? 3,
    doneAt: text(b, "done_at"),
    why: text(b, "why", "skipped_why"),
    last: lastOf((b.last ?? null) as Body | null),
    round: text(b, "round"),
    mine: mine === true,
  };
}

export interface Looked {
  at: string;
  by: string;
  /** The operation it came with: the worker's own is held here for a week. */
  submission: string;
  findings: { label: Said | string; state: Said | string; photos: { small: string; whole: string }[] }[];
}

/** How it was when somebody looked last: when, who, what was found. Null when nobody has. */
export function lastOf(body: Body | null): Looked | null {
  if (!body || !body.at) return null;
  const findings = ((body.findings ?? []) as (string | Body)[]).map((one) => (typeof one === "string" ? { label: one } : one));
  return {
    at: text(body, "at"),
    by: text(body, "by"),
    submission: text(body, "submission"),
    findings: findings.map((one) => ({ label: (one.label ?? "") as Said, state: ((one as Body).state ?? "") as Said, photos: ((one as Body).photos ?? []) as Looked["findings"][number]["photos"] })),
  };
}

export interface FieldSpec {
  name: string;
  label: Said | string;
  type: string;
  choices: { name: string; label: Said | string }[];
  required: boolean;
  private: boolean;
  refers: string;
}

/** The fields of a registry kind, as the server lists them. Choices come as [value, label] or {name, label}. */
export function fieldsOf(body: Body): FieldSpec[] {
  const list = (Array.isArray(body.fields) ? body.fields : Object.values((body.fields ?? body) as Body)) as Body[];
  return list
    .filter((one) => one && typeof one === "object" && one.name)
    .map((one) => ({
      name: String(one.name),
      label: (one.label ?? String(one.name)) as Said | string,
      type: text(one, "type") || "text",
      choices: ((one.choices ?? []) as unknown[]).map((choice) => {
        if (Array.isArray(choice)) return { name: String(choice[0]), label: choice[1] as Said | string };
        const { name, value, label } = choice as { name?: string; value?: string; label: Said | string };
        return { name: String(name ?? value), label };
      }),
      required: one.required === true,
      private: one.private === true,
      refers: text(one, "to", "refers"),
    }));
}

/** The line a record is known by. */
export function nameOf({ k, b }: Held): string {
  const by = k === "premises" ? text(b, "name", "address") : text(b, "name", "contact_name", "title", "number");
  return by || text(b, "address", "code");
}

export const addressOf = ({ b }: Held): string => text(b, "address", "address_text", "place");

/** 张三 → 张*; enough to know whom one has before oneself. */
export const maskName = (name: string): string => (name ? `${name[0]}${"*".repeat(Math.min(2, Math.max(1, [...name].length - 1)))}` : "");

export function maskValue(value: unknown, type: string): string {
  const whole = String(value ?? "");
  if (!whole) return "";
  if (type === "phone" && whole.length >= 7) return `${whole.slice(0, 3)}****${whole.slice(-4)}`;
  if (type === "id_number" && whole.length >= 10) return `${whole.slice(0, 6)}********${whole.slice(-4)}`;
  if (type === "date") return `${whole.slice(0, 4)}-**-**`;
  return whole.length <= 2 ? `${whole[0]}*` : `${whole.slice(0, 2)}${"*".repeat(Math.min(6, whole.length - 2))}`;
}

export type Lateness = "late" | "soon" | "open" | "later";

/** Late when the due time is past, soon within a day, later when its window has not opened. */
export function lateness(task: Pick<Task, "opens" | "due">, now: number): Lateness {
  const due = Date.parse(task.due);
  if (due < now) return "late";
  if (task.opens && Date.parse(task.opens) > now) return "later";
  return due - now < 86_400_000 ? "soon" : "open";
}
