// The terminal: where the commands write.
//
//   TE1. Colour only on a TTY and without NO_COLOR; a pipe gets plain text.
//   TE2. Whoever stops reading (`| head`) ends nothing badly: EPIPE is silence.
//   TE3. What strangers wrote (ids, messages) reaches the screen without control characters.

import { styleText } from "node:util";

/** What a piece of text is, not how it looks. */
export type Tone = "strong" | "quiet" | "good" | "bad" | "warning" | "accent";

const STYLES = { strong: "bold", quiet: "dim", good: "green", bad: "red", warning: "yellow", accent: "cyan" } as const;

/** What the commands write to. `process.stdout` and `process.stderr` fit. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): boolean;
}

export class Terminal {
  readonly hasColour: boolean;
  /** Whether a person sits in front of it: both ends are a TTY. */
  readonly isInteractive: boolean;
  readonly #out: Screen;
  readonly #err: Screen;

  constructor(out: Screen = process.stdout, err: Screen = process.stderr) {
    this.#out = out;
    this.#err = err;
    this.hasColour = out.isTTY === true && !process.env.NO_COLOR;
    this.isInteractive = out.isTTY === true && process.stdin.isTTY;
  }

  /** Characters of a line; 100 where nobody says. */
  get width(): number {
    return this.#out.columns ?? 100;
  }

  /** A line on standard output. */
  say(line = ""): void {
    this.#out.write(`${line}\n`);
  }

  /** A line on standard error. */
  complain(line: string): void {
    this.#err.write(`${line}\n`);
  }

  /** A line on standard error that the next one replaces; nothing where nobody watches. "" takes it away. */
  passing(line: string): void {
    if (this.#err.isTTY === true) this.#err.write(`\r\u001b[K${line}`);
  }

  /** The text in its tone, plain where there is no colour (TE1). */
  tone(tone: Tone, text: string): string {
    return this.hasColour ? styleText(STYLES[tone], text, { validateStream: false }) : text;
  }

  /** The same for standard error, which may be a TTY when standard output is not. */
  errorTone(tone: Tone, text: string): string {
    return this.#err.isTTY === true && !process.env.NO_COLOR ? styleText(STYLES[tone], text, { validateStream: false }) : text;
  }
}

/**
 * TE2, for the whole process.
 *
 * @param onClosed runs when nobody reads standard output any more.
 */
export function surviveClosedPipes(onClosed: () => void): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    onClosed();
  });
  process.stderr.on("error", () => {});
}

/** TE3. Line breaks become spaces; other control characters their code. */
export function printable(text: string): string {
  return text
    .replace(/\s*\r?\n\s*/g, " ")
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** Rows as columns that stand below each other; the last column is not padded. */
export function columns(rows: readonly (readonly string[])[], gap = "  "): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, cell.length)));
  return rows.map((row) => row.map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index]!))).join(gap).trimEnd());
}
