// Which places of the SDK's own parts hold a moment as a number of milliseconds.
//
//   MO1. Only the SDK's: a number in an agent's state is the number that it is, whatever it is called.

import type { PartInfo } from "../../../../src/inspector/api.ts";
import { keyOfPath } from "./value-changes.ts";

/** Places by their {@link keyOfPath}. */
export type Moments = ReadonlySet<string>;

export const NO_MOMENTS: Moments = new Set();

const MOMENTS: Partial<Record<PartInfo["kind"], Moments>> = {
  workflow: new Set([keyOfPath(["since"])]),
  session: new Set([keyOfPath(["startedAtMs"]), keyOfPath(["lastSeenMs"])]),
};

/** The moments of a part of this kind. */
export function momentsOf(kind: PartInfo["kind"] | undefined): Moments {
  return (kind === undefined ? undefined : MOMENTS[kind]) ?? NO_MOMENTS;
}
