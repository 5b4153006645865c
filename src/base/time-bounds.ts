// What the time can be, when somebody sets the clock.
//
//   TB1. `latest` is for what must end in time (a session), `earliest` for what must not end too early (a lockout). A
//        jump of the wall clock after the start moves one of the two, and both uses fail closed.        (P18)

import type { Clock } from "./clock.ts";

/** Both ends of what the time can be, milliseconds since 1970. */
export interface TimeBounds {
  readonly earliestMs: number;
  readonly latestMs: number;
}

/** A clock's wall time beside what it would be if nobody had set it since this was called. */
export function timeBoundsOf(clock: Clock): () => TimeBounds {
  const offset = clock.now() - clock.monotonic();
  return () => {
    const [wall, steady] = [clock.now(), clock.monotonic() + offset];
    return { earliestMs: Math.min(wall, steady), latestMs: Math.max(wall, steady) };
  };
}
