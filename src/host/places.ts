// The places of what a unit does outside of its own record: numbers in the order of the handler, for each kind its own.
//
//   PL1. The same step of a handler has the same place in every delivery of its call, so it is known again. What a redelivery
//        may leave out is another kind: what an effect does is counted within that effect, anew each time that it runs. (P11)
//   PL2. A step that fails for a reason that passes - the store did not answer, the queue was full - leaves its place unsure:
//        nobody can tell whether the next step is the same one again or another. At the old place a step that is new would
//        be taken for one that was done; at a new place one that is repeated would be done twice. So there is none: the
//        call fails, and its redelivery does what is missing.                                         (P2, P11)

import { codeOf, StoreUnavailableError, type ErrorCode } from "../base/errors.ts";

/** Reasons that pass. What a recipe itself throws is no such one: it has had its place. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["state_unavailable", "state_lost", "overloaded"]);

export class Places {
  readonly #counts = new Map<string, number>();
  readonly #unsure = new Set<string>();

  /** @param effect the name of the effect that does it, if one does. A kind and a name have no newline. */
  next(kind: string, effect?: string): number {
    const counted = countedAs(kind, effect);
    const place = (this.#counts.get(counted) ?? 0) + 1;
    this.#counts.set(counted, place);
    return place;
  }

  /** Does something at the next place. @throws what it throws; `state_unavailable` where the place is unsure (PL2). */
  async at<T>(kind: string, effect: string | undefined, run: (place: number) => Promise<T>): Promise<T> {
    const counted = countedAs(kind, effect);
    if (this.#unsure.has(counted)) throw new StoreUnavailableError("An update of this call before this one failed, and nobody could tell the two apart when the call is delivered again. This one was not stored. Let the call fail and send it again, or give an update of the customer an opId.");
    try {
      return await run(this.next(kind, effect));
    } catch (thrown) {
      if (PASSING.has(codeOf(thrown)!)) this.#unsure.add(counted);
      throw thrown;
    }
  }

  /** An effect begins, maybe again: its steps have the places that they had (PL1). */
  begin(effect: string): void {
    const isOfIt = (counted: string) => counted.endsWith(`\n${effect}`);
    for (const counted of [...this.#counts.keys()].filter(isOfIt)) this.#counts.delete(counted);
    for (const counted of [...this.#unsure].filter(isOfIt)) this.#unsure.delete(counted);
  }
}

function countedAs(kind: string, effect: string | undefined): string {
  return effect === undefined ? kind : `${kind}\n${effect}`;
}
