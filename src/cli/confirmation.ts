// A question before something that cannot be undone.

import { createInterface } from "node:readline/promises";

import { Failure } from "./failure.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Whether the person says yes, in full.
 *
 * @param deed what is done for good: "Erase customer kim".
 * @throws {Failure} Nobody is there to be asked.
 */
export async function isConfirmed(deed: string, terminal: Terminal): Promise<boolean> {
  if (!terminal.isInteractive) throw new Failure(`Nobody is here to confirm it: ${deed}. Nothing was done.`, { remedy: "Without a question: --yes" });
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await lines.question(`${deed} for good? Write yes: `)).trim() === "yes";
  } finally {
    lines.close();
  }
}
