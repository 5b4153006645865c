// The tools of a conversation: those that are registered now, and those that were.
//
//   KT1. What was registered once is known as long as the conversation lasts. A model may call a tool that was withdrawn
//        while it was deciding: the agent hears of it, and says why not.
//   KT2. The secret arguments of a withdrawn tool are masked like those of any other.                 (P21)

import type { MaskPath } from "../base/marks.ts";

/** A tool as its agent registered it. */
export interface RegisteredTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly examples?: readonly string[];
  /** What is masked of its results where they are shown. */
  readonly resultMasks?: readonly MaskPath[];
}

/** A tool that is, or was, registered. */
export interface KnownTool extends RegisteredTool {
  readonly isWithdrawn?: true;
}

/** The most withdrawn tools that are kept; the oldest go first. */
const MAX_WITHDRAWN = 512;

/** What is known after a registration: its tools in their order, then the others. */
export function knownAfter(known: readonly KnownTool[], registered: readonly RegisteredTool[]): readonly KnownTool[] {
  const names = new Set(registered.map(({ name }) => name));
  const others = known.filter(({ name }) => !names.has(name)).map((tool): KnownTool => ({ ...tool, isWithdrawn: true }));
  return [...registered, ...others.slice(-MAX_WITHDRAWN)];
}

/** Those that are registered now. */
export function registeredOf(known: readonly KnownTool[]): readonly RegisteredTool[] {
  return known.filter(({ isWithdrawn }) => !isWithdrawn);
}
