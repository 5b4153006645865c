// A connection that runs scripts, whatever client is behind it.
//
//   CN1. It is used until it fails once; then it is dropped and another one is made. Nobody reads a late answer as his
//        own.                                                                                       (design: attack 25)

import { systemClock } from "../../base/clock.ts";
import { CallTimeout } from "./failure.ts";

/** What the store needs of a client. */
export interface Connection {
  /** Runs a script that the server knows. */
  evalSha(sha: string, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  /** Runs a script, and makes the server know it. */
  eval(source: string, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  /** Ends it, for whoever asks, after what was asked. */
  close(): Promise<void>;
  /** Ends it now; what waits is rejected (CN1). */
  destroy(): void;
}

/**
 * Makes a connection that can be used.
 *
 * @param lost called when it ended by itself.
 * @throws what the client throws; `failure.ts` reads it.
 */
export type Connect = (lost: () => void) => Promise<Connection>;

/** The way to all slots, or to each of them: in a cluster some may be away while others are not. */
export type Way = { readonly all: Connect } | { readonly bySlot: (slot: number) => Connect };

/** The outcome of a step of connecting; after `timeoutMs` milliseconds it is abandoned: a server may take a connection and say nothing. */
export function bounded<T>(work: Promise<T>, timeoutMs: number, abandon: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = systemClock.after(timeoutMs, () => {
      reject(new CallTimeout("no answer in time"));
      abandon();
    });
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}
