// What every case starts with: a fresh store, a clock that stands still, and short ways to write.

import assert from "node:assert/strict";
import type { ErrorCode } from "../../base/errors.ts";
import { ConversimpleError } from "../../base/errors.ts";
import type { SimulatedClock } from "../../base/simulated-clock.ts";
import type { Change, Committed, Loaded, Owner, ProcessIdentity, Store, StoreOptions } from "../../state/store.ts";

/** A store to be tested. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Opens the same data once more, as another process would; left out where that cannot be. */
  readonly again?: () => Promise<Store>;
}

/** Opens an empty store that takes its time from `options.clock`. */
export type OpenStore = (options: StoreOptions & { readonly clock: SimulatedClock }) => Promise<StoreUnderTest>;

/** One promise of the port, checked on a fresh store. */
export interface Case {
  readonly name: string;
  /** Whether it opens the same data twice. */
  readonly opensAgain?: boolean;
  readonly run: (fixture: Fixture) => Promise<void>;
}

export class Fixture {
  readonly clock: SimulatedClock;
  readonly store: Store;
  readonly #under: StoreUnderTest;
  readonly #opened: Store[] = [];
  #writes = 0;

  constructor(under: StoreUnderTest, clock: SimulatedClock) {
    this.#under = under;
    this.store = under.store;
    this.clock = clock;
  }

  /** The same data once more. */
  async again(): Promise<Store> {
    const store = await this.#under.again!();
    this.#opened.push(store);
    return store;
  }

  /** Closes everything that was opened. */
  async end(): Promise<void> {
    await Promise.all([...this.#opened, this.store].map((store) => store.close()));
  }

  /** Commits at `version` with a new write id. */
  commit(owner: Owner, version: number, change: Partial<Change> = {}, store: Store = this.store): Promise<Committed> {
    return store.commit(owner, { writeId: `write-${++this.#writes}`, expectedVersion: version, epoch: 0, ...change });
  }

  /** Commits one call with an answer. */
  answer(owner: Owner, version: number, callId: string, text = `answer of ${callId}`, epoch = 0): Promise<Committed> {
    return this.commit(owner, version, { epoch, entry: `entry of ${callId}`, answer: { callId, digest: `digest of ${callId}`, text } });
  }

  /** What is stored; fails when there is nothing. */
  async loaded(owner: Owner, store: Store = this.store): Promise<Loaded> {
    const loaded = await store.load(owner);
    assert.ok(loaded, `${owner} is not there`);
    return loaded;
  }

  /** Acquires; fails when it is held. Returns the epoch. */
  async acquired(owner: Owner, process: ProcessIdentity, store: Store = this.store): Promise<number> {
    const acquired = await store.acquire(owner, process, { agentId: "shop" });
    assert.equal(acquired.kind, "acquired");
    return acquired.kind === "acquired" ? acquired.loaded.epoch : -1;
  }
}

/** A process of a machine that nobody knows: only its lease says whether it lives. */
export function processNamed(id: string): ProcessIdentity {
  return { id, pid: 1, host: "a machine of the suite", startedAtMs: 0 };
}

/** The promise must reject with this code; returns the error. */
export async function refused(promise: Promise<unknown>, code: ErrorCode): Promise<ConversimpleError> {
  const error: unknown = await promise.then(
    () => assert.fail(`it was not refused with ${code}`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ConversimpleError, `refused with ${String(error)} instead of ${code}`);
  assert.equal(error.code, code);
  return error;
}
