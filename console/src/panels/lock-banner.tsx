// That logins are locked, where nobody can miss it, and why the right secret is refused all the same.

import { Button } from "../kit/button.tsx";
import { ticking } from "../kit/ago.tsx";
import { useConversation } from "../lib/conversation-context.tsx";
import { timeOfDay } from "../lib/formatting.ts";
import { useSelected } from "../lib/use-store.ts";
import { countdownText } from "./logic/countdown.ts";
import { lockOf, type Lock } from "./logic/locks.ts";

/** The lock that holds now, and how much of it is left. */
export function useLock(): { readonly lock: Lock; readonly leftMs: number } | undefined {
  const { view, timeline } = useConversation();
  const nowMs = useSelected(ticking, (now) => now);
  const lock = lockOf(view.value?.sessions ?? [], timeline.entries, nowMs);
  return lock && { lock, leftMs: lock.untilMs - nowMs };
}

/** Drawn only while there is a lock. */
export function LockBanner() {
  const held = useLock();
  const { open, view } = useConversation();
  if (!held || view.value?.status !== "live") return null;
  const { lock, leftMs } = held;
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5 border-b border-bad/40 bg-bad-soft px-3 py-2 text-sm">
      <p className="min-w-0 flex-1 basis-72">
        <strong className="font-semibold text-bad">{lock.by === "conversation" ? "Logins of this call are locked" : "The account is locked"}{lock.attempts === undefined ? "" : `: ${lock.attempts} of ${lock.limit} attempts used`}.</strong>{" "}
        <span className="text-ink-2">Even the right secret is refused, unseen, until {timeOfDay(lock.untilMs)} (<span className="font-mono">{countdownText(leftMs)}</span>). <span className="max-sm:sr-only">The caller hears the same words as for a wrong one, on purpose.</span></span>
      </p>
      <span className="flex gap-1.5">
        {lock.version === undefined ? null : <Button onClick={() => open("timeline", lock.version)}>Show the login</Button>}
        <Button onClick={() => open("session", null)}>Why?</Button>
      </span>
    </div>
  );
}
