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
