/** What a report says while it is written. Pure. */
import type { Draft, Point } from "./types";

/** A record: what it is and what people call it. */
export interface Named {
  kind: string;
  uid: string;
  name: string;
}

export interface Said {
  text: string;
  place: string;
  item: string;
  itemName: string;
  photos: string[];
  voice: string;
  /** The record it was written from; null also where it was said to have nothing to do with it. */
  about: Named | null;
  point: Point | null;
}

export const blank = (): Said => ({ text: "", place: "", item: "", itemName: "", photos: [], voice: "", about: null, point: null });

/** A report as it was left, or a fresh one with what its address names: what was begun elsewhere is not about whatever it is
    opened from, and what was taken off stays off. */
export const begun = (kept: Draft | undefined, address: Partial<Said>): Said => ({ ...blank(), ...(kept ? (kept.body as Partial<Said>) : address) });
