// How long to wait before trying again.
//
//   BO1. Each failure doubles the wait up to a limit; chance spreads those who lost the same server, by half at most.

const FIRST_MS = 400;
const LONGEST_MS = 10_000;

/** The wait before try number `failures + 1`, milliseconds. @param chance between 0 and 1. */
export function backoffMs(failures: number, chance: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 16));
  return Math.round(full * (1 - chance / 2));
}
