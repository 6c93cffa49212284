/** A form as it is filled and mended: which version it is finished in. Pure. */
import type { Definition } from "../forms/types";
import type { Body, Row } from "./types";

/** What a refused form is mended from: as it was filled, in the version it was filled in where this phone still holds that. */
export const formAgain = ({ id, body, definition }: Pick<Row, "id" | "body" | "definition">): Body => ({ ...body, mends: id, ...(definition ? { definition } : {}) });

/** Whether what is mended was filled in another version than it is finished in, since its own is on this phone no more. */
export const moved = (body: Body, definition: Definition): boolean => Boolean(body.mends) && body.version !== undefined && String(body.version) !== String(definition.version);

/** An operation that has arrived needs the form it was filled in no longer. */
export function withoutForm(row: Row): Row {
  const { definition: _gone, ...kept } = row;
  return row.state === "applied" ? kept : row;
}
