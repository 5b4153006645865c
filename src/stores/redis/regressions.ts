// What this process knows the store acknowledged, to notice when the store goes back behind it.
//
// Redis may lose an acknowledged write: at a failover, at a power loss, by eviction, by somebody's DEL. Whoever still
// knows a newer version sees it at the next look.                                              (product promise 4, C)
//
//   RD1. Every regression that this process can see is reported once, as an error in the log, and a commit that meets
//        one is refused as `state_lost`: what was acknowledged is never silently replaced by what was before.
//   RD2. Bounded: the owners that were used last are known.

import { ConversimpleError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Owner } from "../../state/store.ts";

/** Owners whose versions are known at the same time; each costs about 200 bytes. */
const MOST_OWNERS = 10_000;

/** How far an owner was. */
export interface Mark {
  readonly version: number;
  readonly epoch: number;
  /** The write that made the version; another one with the same version is a regression too. */
  readonly writeId: string | null;
  /** Whether it may go away by itself; as it was unless given. */
  readonly mayExpire?: boolean;
}

export class Regressions {
  readonly #marks = new Map<Owner, Mark>();
  readonly #address: string;
  readonly #logger: Logger;

  constructor(address: string, logger: Logger) {
    this.#address = address;
    this.#logger = logger;
  }

  /** The store said so: from now on anything less is a regression. */
  acknowledged(owner: Owner, mark: Mark): void {
    const mayExpire = mark.mayExpire ?? this.#marks.get(owner)?.mayExpire ?? false;
    this.#marks.delete(owner);
    this.#marks.set(owner, { ...mark, mayExpire });
    if (this.#marks.size <= MOST_OWNERS) return;
    const oldest = this.#marks.keys().next();
    if (!oldest.done) this.#marks.delete(oldest.value);
  }

  /** The write that made a version, as far as it is known; empty when not. */
  writeOf(owner: Owner, version: number): string {
    const mark = this.#marks.get(owner);
    return (mark?.version === version && mark.writeId) || "";
  }

  /** It was removed on purpose: nothing that comes is less. */
  released(owner: Owner): void {
    this.#marks.delete(owner);
  }

  /**
   * Compares what the store has now, null when nothing, with what it acknowledged. The mark goes: what is there is what
   * one goes on with.
   *
   * @returns the error to refuse a commit with (RD1); undefined when all is well.
   */
  compare(owner: Owner, found: Mark | null): ConversimpleError | undefined {
    const mark = this.#marks.get(owner);
    if (!mark || (found && !isBehind(found, mark))) return undefined;
    this.#marks.delete(owner);
    if (!found && mark.mayExpire) return undefined;
    const fields = { owner, address: this.#address, code: "state_lost", acknowledged: mark.version, acknowledgedEpoch: mark.epoch, found: found?.version, foundEpoch: found?.epoch };
    this.#logger.error(fields, "what Redis had acknowledged is gone or older now (failover, power loss, eviction, DEL, or removed from outside)");
    const now = !found ? "nothing" : found.version === mark.version ? "another one of that number" : `version ${found.version}`;
    return new ConversimpleError("state_lost", `Cannot commit ${owner}: Redis acknowledged version ${mark.version} and has ${now} now.`, fields);
  }
}

function isBehind(found: Mark, mark: Mark): boolean {
  return found.version < mark.version || found.epoch < mark.epoch || (found.version === mark.version && mark.writeId !== null && found.writeId !== mark.writeId);
}
