// How long ago something was, kept up to date by one timer for the whole page.

import { age, moment } from "../lib/formatting.ts";
import { Store } from "../lib/store.ts";
import { useSelected } from "../lib/use-store.ts";

const now = new Store(Date.now());
let watchers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** The time in whole seconds, while somebody looks at it. */
export const ticking = {
  get: now.get,
  subscribe: (listener: () => void) => {
    if (++watchers === 1) {
      now.set(Date.now());
      timer = setInterval(() => now.set(Date.now()), 1_000);
    }
    const stop = now.subscribe(listener);
    return () => {
      stop();
      if (--watchers === 0) clearInterval(timer);
    };
  },
};

/** @param isSentence "5 min ago" instead of "5 min". */
export function Ago({ atMs, isSentence = false, className = "" }: { readonly atMs: number; readonly isSentence?: boolean; readonly className?: string }) {
  const short = useSelected(ticking, (nowMs) => age(Math.max(0, nowMs - atMs)));
  const text = isSentence ? (short === "now" ? "just now" : `${short} ago`) : short;
  return <time dateTime={new Date(atMs).toISOString()} title={moment(atMs)} className={className}>{text}</time>;
}
