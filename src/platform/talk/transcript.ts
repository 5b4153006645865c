// What was said in a conversation, in memory, as long as it lasts.
//
//   TS1. A line is shown without what is hidden, also when that became known after it was said.           (P21)
//   TS2. Bounded: the last lines, and the last hidden texts.

import { MASKED } from "../../base/mask.ts";

/** Who said what. `text` is masked. */
export interface SpokenLine {
  readonly by: "caller" | "agent";
  readonly turn: number;
  readonly text: string;
  readonly at: string;
  /** The caller spoke over it. */
  readonly isInterrupted?: true;
}

const MAX_LINES = 500;
const MAX_HIDDEN = 512;

export class Transcript {
  readonly #lines: SpokenLine[] = [];
  readonly #hidden = new Set<string>();

  /** Texts that must not be shown from now on, in any line. */
  hide(texts: readonly string[]): void {
    for (const text of texts) if (text.trim() !== "") this.#hidden.add(text.trim());
    while (this.#hidden.size > MAX_HIDDEN) this.#hidden.delete(this.#hidden.values().next().value!);
  }

  /** Keeps a line; gives it as it may be shown. */
  add(line: SpokenLine): SpokenLine {
    this.#lines.push(line);
    if (this.#lines.length > MAX_LINES) this.#lines.shift();
    return this.#shown(line);
  }

  /** All lines (TS1). */
  lines(): readonly SpokenLine[] {
    return this.#lines.map((line) => this.#shown(line));
  }

  #shown(line: SpokenLine): SpokenLine {
    // The longest first: one may be the beginning of another.
    const hidden = [...this.#hidden].sort((a, b) => b.length - a.length);
    const text = hidden.reduce((left, each) => left.replace(alone(each), MASKED), line.text);
    return text === line.text ? line : { ...line, text };
  }
}

/** The text where it stands alone: the PIN 12 is not in "2012". */
function alone(text: string): RegExp {
  const edge = "[\\p{L}\\p{N}]";
  return new RegExp(`(?<!${edge})${text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?!${edge})`, "giu");
}
