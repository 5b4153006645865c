// A word that says what something is, in the colour of its meaning.

import type { ReactNode } from "react";

export type Tone = "plain" | "good" | "warn" | "bad" | "note" | "accent";

const TONES: Readonly<Record<Tone, string>> = {
  plain: "bg-sunk text-ink-2",
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  note: "bg-note-soft text-note",
  accent: "bg-chosen text-accent",
};

/** The meaning is never in the colour alone: the word says it. @param canShrink a word that gives way, with dots, where there is no room. */
export function Chip({ tone = "plain", title, canShrink = false, children }: { readonly tone?: Tone; readonly title?: string; readonly canShrink?: boolean; readonly children: ReactNode }) {
  const room = canShrink ? "inline-block min-w-0 shrink truncate leading-5" : "inline-flex shrink-0 items-center gap-1";
  return (
    <span title={title} className={`h-5 rounded-sm px-1.5 text-2xs font-medium whitespace-nowrap ${room} ${TONES[tone]}`}>
      {children}
    </span>
  );
}
