// What panels of cards have in common.

import type { ReactNode } from "react";

import { countdownText } from "./logic/countdown.ts";
import { ticking } from "../kit/ago.tsx";
import { useSelected } from "../lib/use-store.ts";

/** A scrolling page of cards under what is said of the whole. */
export function PanelPage({ head, children }: { readonly head?: ReactNode; readonly children: ReactNode }) {
  return (
    <div className="flex h-full min-h-0 flex-col">
      {head}
      <div className="@container min-h-0 flex-1 space-y-3 overflow-y-auto p-3">{children}</div>
    </div>
  );
}

/** A card with a title. */
export function Card({ title, aside, children }: { readonly title: ReactNode; readonly aside?: ReactNode; readonly children: ReactNode }) {
  return (
    <section className="rounded-lg border border-line bg-pane">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-3 py-2">
        <h3 className="text-sm font-semibold">{title}</h3>
        <span className="ml-auto flex items-center gap-2 text-2xs text-ink-3">{aside}</span>
      </header>
      <div className="p-3">{children}</div>
    </section>
  );
}

/** A fact with its name. */
export function Fact({ name, isWide = false, children }: { readonly name: string; readonly isWide?: boolean; readonly children: ReactNode }) {
  return (
    <div className={`min-w-0 ${isWide ? "col-span-full" : ""}`}>
      <dt className="text-2xs text-ink-3">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </div>
  );
}

/** Facts beside each other, as many as there is room for. */
export function Facts({ children }: { readonly children: ReactNode }) {
  return <dl className="grid grid-cols-[repeat(auto-fill,minmax(9.5rem,1fr))] gap-x-4 gap-y-2.5">{children}</dl>;
}

/** What is left until a moment, counting down. */
export function Countdown({ untilMs }: { readonly untilMs: number }) {
  const text = useSelected(ticking, (nowMs) => countdownText(untilMs - nowMs));
  return <span role="timer" className="font-mono">{text}</span>;
}
