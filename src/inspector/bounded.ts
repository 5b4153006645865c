// Waiting for somebody who may never answer, such as agents that hang.

import type { Clock } from "../base/clock.ts";
import { ConversimpleError } from "../base/errors.ts";

/**
 * What a promise gives, if it does in time.
 *
 * @throws what it rejects with; {ConversimpleError} `tool_timeout` when it takes longer.
 */
export function within<T>(clock: Clock, limitMs: number, asked: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = clock.after(limitMs, () => reject(new ConversimpleError("tool_timeout", `The agents' process did not answer within ${limitMs} ms. It may be busy, stopped or broken.`, { limitMs })), { background: true });
    asked.finally(() => timer.cancel()).then(resolve, reject);
  });
}

/** Runs a task for each item, so many at a time; results in the order of the items. */
export async function inParallel<T, R>(items: readonly T[], atOnce: number, run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += atOnce) results.push(...(await Promise.all(items.slice(start, start + atOnce).map(run))));
  return results;
}
