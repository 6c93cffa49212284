/** What the phone holds and sends. The words are those of the sync protocol. */
import type { Definition } from "../forms/types";

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type Body = Record<string, unknown>;

/** A record as the server sends it. */
export interface Sent {
  k: string;
  id: string;
  v: number;
  b: Body;
}

/** A record as the app reads it: opened, with what has not been sent yet laid over it. */
export interface Held extends Sent {
  /** Set when a change made here waits to be sent. */
  mine?: boolean;
}

export interface Page {
  cursor: string;
  more: boolean;
  reset: boolean;
  held?: number;
  cut?: boolean;
  records: Sent[];
  gone: [string, string][];
}

export type State = "ready" | "waiting" | "applied" | "conflict" | "refused";

/** What came of an operation. */
export interface Answer {
  id: string;
  state: "applied" | "waiting" | "conflict" | "refused" | "gone";
  message?: string;
  fields?: Record<string, unknown>;
  made?: Record<string, unknown>;
}

export interface Operation {
  id: string;
  seq: number;
  kind: string;
  subject: string | null;
  base: number | null;
  branch: string | null;
  after: string[];
  at: string;
  body: Body;
  files: string[];
}

/** An operation in the outbox, with how it stands. `title` is what the worker reads in the list. `definition` is the form it was
    filled in, kept here and never sent, until it has arrived: what is refused is mended in the same version. */
export interface Row extends Operation {
  definition?: Definition;
  state: State;
  title: string;
  answer: Answer | null;
}

/** A photo or voice note on its way. `offset` is what the server has of it. */
export interface Upload {
  id: string;
  type: string;
  size: number;
  offset: number;
  done: boolean;
  refused: string;
}

export interface Draft {
  id: string;
  kind: string;
  title: string;
  at: string;
  body: Body;
  files: string[];
}

export interface Place {
  code: string;
  name: string;
}

export interface Session {
  person: { name: string; number: string };
  device: { id: string | number; name: string } | null;
  /** Their duty in the field is over: records go now, what was done is still taken. */
  ended?: boolean;
  roles: string[];
  areas: Place[];
  on_duty: boolean;
  hold_days: number;
  server_time: string;
  csrf: string;
  /** Numbers to call in need: police, fire, ambulance … */
  places: Record<string, string>;
  /** Why a task may be passed over. */
  skips?: { code: string; label: Record<string, string> }[];
}

export interface Point {
  lon: number;
  lat: number;
  accuracy: number;
}
