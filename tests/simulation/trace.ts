// What happened, line by line, in the words of the simulation: no line has a random value in it, so that two runs of one
// seed are equal or one of them is wrong.

import { hash } from "node:crypto";

export class Trace {
  readonly lines: string[] = [];
  readonly #nowMs: () => number;

  /** @param nowMs simulated time since the beginning, milliseconds. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  add(who: string, what: string): void {
    this.lines.push(`${this.#nowMs().toFixed(1)} ${who} ${what}`);
  }

  /** The last lines; all of them unless told otherwise. */
  print(last = Infinity): string {
    const skipped = Math.max(0, this.lines.length - last);
    return [...(skipped > 0 ? [`(${skipped} lines before these)`] : []), ...this.lines.slice(skipped)].join("\n");
  }

  /** The same for equal traces. */
  get digest(): string {
    return hash("sha256", this.lines.join("\n"));
  }
}
