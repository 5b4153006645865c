// The page's keys: who wants which, told to whom is on top, and listed in the help.
//
//   KB1. A key without a modifier does nothing while somebody types; Escape always counts.
//   KB2. The newest registration of a key wins. While a dialog is open all keys are its own, Escape too: what lies below it is inert.
//   KB3. Enter belongs to what has the focus, and to the page only when nothing has.
//   KB4. Keys may follow each other ("g s"): the second one has a second.

import { useEffect, useRef } from "react";

import { Store } from "./store.ts";

/** A key or two, as in the help: "j", "?", "Escape", "mod+k", "g s". `mod` is Control, or Command on a Mac. */
export interface Shortcut {
  readonly keys: string;
  /** Said in the help; without one it is not listed. */
  readonly does?: string;
  readonly group?: string;
  readonly run: (event: KeyboardEvent) => void;
}

const FOLLOWS_MS = 1_000;
const known = new Store<readonly Shortcut[]>([]);
let first: { readonly key: string; readonly atMs: number } | undefined;

/** All keys that count now, oldest first. */
export const shortcuts = known;

/** Wants keys while the component is shown; null wants none. */
export function useShortcuts(wanted: readonly Shortcut[] | null): void {
  const latest = useRef(wanted);
  latest.current = wanted;
  const names = (wanted ?? []).map(({ keys, does }) => `${keys}:${does ?? ""}`).join("\n");
  useEffect(() => {
    const mine = (latest.current ?? []).map((each, index): Shortcut => ({ ...each, run: (event) => latest.current?.[index]?.run(event) }));
    known.update((all) => [...all, ...mine]);
    return () => known.update((all) => all.filter((each) => !mine.includes(each)));
  }, [names]);
}

/** Listens to the keys of a window; returns a function that stops it. */
export function listenToKeys(target: Pick<Window, "addEventListener" | "removeEventListener">, now: () => number): () => void {
  const listener = (event: KeyboardEvent) => dispatchKey(event, now());
  target.addEventListener("keydown", listener);
  return () => target.removeEventListener("keydown", listener);
}

/** Gives a pressed key to whom it belongs. */
export function dispatchKey(event: KeyboardEvent, nowMs: number): void {
  if (event.defaultPrevented || event.isComposing || document.querySelector("dialog:modal")) return;
  const key = nameOf(event);
  if ((key === "Enter" || key === " ") && event.target !== document.body) return;
  if (isTyping(event.target) && !key.startsWith("mod+") && key !== "Escape") return;
  const before = first && nowMs - first.atMs < FOLLOWS_MS ? `${first.key} ${key}` : undefined;
  first = undefined;
  const found = (before === undefined ? undefined : newest(before)) ?? newest(key);
  if (found) {
    event.preventDefault();
    found.run(event);
  } else if (known.get().some(({ keys }) => keys.startsWith(`${key} `))) first = { key, atMs: nowMs };
}

function newest(keys: string): Shortcut | undefined {
  return known.get().findLast((each) => each.keys === keys);
}

function nameOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.altKey) return `alt+${key}`;
  if (event.ctrlKey || event.metaKey) return `mod+${event.shiftKey ? "shift+" : ""}${key}`;
  return event.shiftKey && event.key.length > 1 ? `shift+${key}` : event.key.length === 1 && event.shiftKey && /[a-z]/i.test(key) ? `shift+${key}` : key;
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

/** Whether this is a Mac, where the modifier is Command. */
export function isMac(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.platform);
}
