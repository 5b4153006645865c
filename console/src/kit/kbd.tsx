// A key, as it is printed on the keyboard.

import { isMac } from "../lib/keyboard.ts";

const NAMES: Readonly<Record<string, string>> = { Escape: "Esc", Enter: "↵", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→" };

/** @param keys as a shortcut says them: "mod+k", "g s". */
export function Kbd({ keys }: { readonly keys: string }) {
  return (
    <span className="inline-flex items-center gap-1">
      {keys.split(" ").map((step, index) => (
        <kbd key={index} className="inline-flex h-4.5 min-w-4.5 items-center justify-center rounded-sm border border-line bg-sunk px-1 font-sans text-2xs text-ink-2">
          {step.split("+").map(named).join(isMac() ? "" : "+")}
        </kbd>
      ))}
    </span>
  );
}

function named(key: string): string {
  if (key === "mod") return isMac() ? "⌘" : "Ctrl";
  if (key === "shift") return isMac() ? "⇧" : "Shift";
  return NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}
