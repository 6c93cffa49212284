/** My own record: forms I sent and how they stand, what my work was judged, with what waits here laid over it. Pure. */
import { type Changes, withChanges } from "../forms/changes";
import type { Answers } from "../forms/types";
import type { Said } from "../forms/types";
import type { Body, Held, Row } from "./types";
import { t } from "./words";

export interface Sent {
  id: string;
  form: string;
  version: string;
  title: Said | string;
  subject: { kind: string; uid: string } | null;
  at: string;
  /** Until when I may correct it myself. */
  until: string;
  corrections: number;
  last: { by: string; mine: boolean; at: string; reason: string } | null;
  findings: { label: string; state: Said; number: string | null }[];
  dispute: { id: number; state: string; words: string } | null;
  /** Set while the form itself has not arrived. */
  row: Row | null;
}

export interface Judged {
  key: string;
  about: string;
  id: number;
  title: string;
  at: string;
  verdict: string;
  words: string;
  said: Said;
  by: string;
  judgedAt: string;
  answer: string;
  mayAnswer: boolean;
  /** My answer, while it is on its way. */
  row: Row | null;
}

const text = (body: Body, name: string): string => (typeof body[name] === "string" ? (body[name] as string) : "");

export function sentOf({ id, b }: Held): Sent {
  return {
    id,
    form: text(b, "form"),
    version: String(b.version ?? ""),
    title: (b.title ?? text(b, "form")) as Said,
    subject: (b.subject ?? null) as Sent["subject"],
    at: text(b, "at"),
    until: text(b, "until"),
    corrections: typeof b.corrections === "number" ? b.corrections : 0,
    last: (b.last ?? null) as Sent["last"],
    findings: (b.findings ?? []) as Sent["findings"],
    dispute: (b.dispute ?? null) as Sent["dispute"],
    row: null,
  };
}

/** All I sent, the newest first: what the server told, and what it has not heard of yet. */
export function allSent(held: readonly Held[], rows: readonly Row[]): Sent[] {
  const told = held.map(sentOf);
  const known = new Set(told.map((one) => one.id));
  const fresh = rows.filter((row) => row.kind === "submission" && row.state !== "refused" && !known.has(row.id));
  const own = fresh.map((row): Sent => {
    const subject = (row.body.subject ?? null) as Sent["subject"];
    return { id: row.id, form: text(row.body, "form"), version: String(row.body.version ?? ""), title: row.title, subject, at: row.at, until: "", corrections: 0, last: null, findings: [], dispute: null, row };
  });
  return [...own, ...told].sort((a, b) => b.at.localeCompare(a.at));
}

/** My corrections of a form that are here: on their way, in dispute, refused, or arrived this week; in order. */
export const correctionsOf = (rows: readonly Row[], id: string): Row[] =>
  rows.filter((row) => row.kind === "amendment" && row.body.submission === id).sort((a, b) => a.seq - b.seq);

/** What a form of mine says as far as this phone knows: as I sent it, with my corrections since. Null where somebody else
    corrected it, or it is no longer here. */
export function knownAnswers(rows: readonly Row[], id: string, corrections: number): Answers | null {
  const own = rows.find((row) => row.id === id && row.kind === "submission" && row.state !== "refused");
  const made = correctionsOf(rows, id);
  if (!own || made.some((row) => row.state === "conflict")) return null;
  if (made.filter((row) => row.state === "applied").length < corrections) return null;
  return withMine(own.body.answers as Answers, made.filter((row) => row.state !== "refused"));
}

/** The answers with my corrections that the server does not know yet. */
export const withWaiting = (answers: Answers, rows: readonly Row[], id: string): Answers =>
  withMine(answers, correctionsOf(rows, id).filter((row) => row.state === "ready" || row.state === "waiting"));

const withMine = (answers: Answers, made: readonly Row[]): Answers => made.reduce((said, row) => withChanges(said, (row.body.changes ?? {}) as Changes), answers);

export function judgedOf({ id, b }: Held, rows: readonly Row[]): Judged {
  const [about, number, judgedAt] = [text(b, "about"), Number(b.id), text(b, "judged_at")];
  const row = rows.find((one) => one.kind === "answer" && one.body.about === about && one.body.id === number && one.body.judged_at === judgedAt && one.state !== "refused") ?? null;
  const mayAnswer = b.may_answer === true && !row;
  return {
    key: id, about, id: number, title: text(b, "title"), at: text(b, "at"), verdict: text(b, "verdict"), words: text(b, "words"), said: (b.verdict_words ?? {}) as Said,
    by: text(b, "by"), judgedAt, answer: row && b.may_answer === true ? text(row.body, "text") : text(b, "answer"), mayAnswer, row: row && b.may_answer === true ? row : null,
  };
}

const GOOD = new Set(["fine", "confirmed"]);

/** A verdict that asks for a word of mine: not a good one, and not answered. */
export const isAsked = (one: Judged): boolean => one.mayAnswer && !GOOD.has(one.verdict);
export const isGood = (one: Judged): boolean => GOOD.has(one.verdict);

/** The last verdict first. */
export const allJudged = (held: readonly Held[], rows: readonly Row[]): Judged[] => held.map((one) => judgedOf(one, rows)).sort((a, b) => b.judgedAt.localeCompare(a.judgedAt));

/** What became of a correction in dispute: whether others in it were done at once is said only where the server said so. */
export const disputeWords = ({ answer }: Pick<Row, "answer">): string =>
  answer?.made?.corrected === true ? t("两个值都留着，负责人看过再定。其他的更正已经办好。") : t("两个值都留着，负责人看过再定。");
