/** What a form is made of, as the server sends it, and what somebody answers. */

export type Expr = [kind: string, ...parts: unknown[]];

/** A word in several languages, by code: {"zh": "通道畅通", "en": "Passage clear"}. */
export type Said = Record<string, string>;

export interface Choice {
  name: string;
  label: Said;
  [column: string]: unknown;
}

export interface FindingRule {
  fails: string[];
  item: string;
  severity: Severity;
  days: number;
  on_spot: boolean;
  reinspect: boolean;
}

export type Severity = "minor" | "serious" | "at_once";

export interface Item {
  name: string;
  path: string;
  type: string;
  label?: Said;
  hint?: Said;
  required?: boolean | Expr;
  relevant?: Expr | null;
  constraint?: Expr | null;
  constraint_message?: Said;
  calculation?: Expr | null;
  default?: Value;
  read_only?: boolean;
  appearance?: string;
  choices?: Choice[];
  choice_filter?: Expr | null;
  parameters?: Record<string, string | number | boolean>;
  children?: Item[];
  count?: Expr | null;
  finding?: FindingRule | null;
  /** Rows can be neither added nor removed: answers of theirs lie sealed elsewhere. */
  fixed?: boolean;
}

export interface Definition {
  code: string;
  version: string | number;
  post?: string;
  kind?: string;
  title: Said;
  items: Item[];
}

export type Value = string | number | boolean | null | undefined | string[] | number[] | Answers | Answers[];

export interface Answers {
  [name: string]: Value;
}

/** What the worker decided about one failed question. */
export interface FindingAnswer {
  photos?: string[];
  severity?: Severity;
  how?: "on_spot" | "case";
  after?: string[];
  days?: number | null;
  note?: string;
}

export type FileKind = "image" | "panorama" | "signature" | "audio";

/** Where pictures and voices are put until they travel. */
export interface Files {
  add(blob: Blob, kind: FileKind): Promise<string>;
  /** An address to show the file from; "" when it is not on this device. */
  url(id: string): Promise<string>;
  remove(id: string): Promise<void> | void;
}

export interface Fix {
  lon: number;
  lat: number;
  /** Radius in metres within which the device believes itself to be. */
  accuracy: number;
}

export interface Place {
  /** Reports each better or newer fix until the returned function is called. */
  watch(seen: (fix: Fix) => void, failed: (why: "refused" | "none") => void): () => void;
}

export type Words = Record<string, string>;
