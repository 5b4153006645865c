// What is said of a seed that failed: which invariant, how to see it again, what it needs, and what happened last.

import { MISFORTUNES, type Misfortune } from "./plan.ts";
import { runSeed, type Verdict, type WorldOptions } from "./world.ts";

/** Events that are shown. */
const LAST_LINES = 40;

/** A failure in which nothing happens that it does not need. */
export interface Shrunk {
  readonly verdict: Verdict;
  readonly without: readonly Misfortune[];
}

/** Leaves out one misfortune after the other, as long as the same invariant still breaks. */
export async function shrunk(seed: number, options: Omit<WorldOptions, "seed"> = {}): Promise<Shrunk> {
  let verdict = await runSeed({ ...options, seed });
  const letter = verdict.breaches[0]?.[0];
  const without = new Set<Misfortune>();
  for (const misfortune of MISFORTUNES) {
    const fewer = await runSeed({ ...options, seed, without: new Set([...without, misfortune]) });
    if (letter === undefined || !fewer.breaches.some((breach) => breach.startsWith(letter))) continue;
    without.add(misfortune);
    verdict = fewer;
  }
  return { verdict, without: [...without] };
}

export function failureText({ seed, breaches }: Verdict, { verdict, without }: Shrunk): string {
  const needed = MISFORTUNES.filter((misfortune) => !without.includes(misfortune));
  return [
    `Seed ${seed} breaks:`,
    ...breaches.slice(0, 10).map((breach) => `  ${breach}`),
    `Again, with all events: npm run simulate -- --seed ${seed}${without.length > 0 ? ` --without ${without.join(",")}` : ""} --trace`,
    `It needs: ${needed.join(", ") || "no misfortune"}. What then happened last:`,
    ...verdict.trace.print(LAST_LINES).split("\n").map((line) => `  ${line}`),
  ].join("\n");
}
