// Whether the page hears what happens.

import { Icon } from "../kit/icon.tsx";
import { ticking } from "../kit/ago.tsx";
import { useInspector } from "../lib/inspector-context.tsx";
import { useStore } from "../lib/use-store.ts";

const WORDS = {
  live: ["Live", "bg-good", "Everything that happens is shown as it happens."],
  lost: ["Disconnected", "bg-bad", "What is shown may be old."],
  connecting: ["Connecting", "bg-warn", "What is shown may be old."],
  unavailable: ["Only talk", "bg-warn", "This server cannot look into conversations."],
} as const;

/** A sign in the bar; said aloud when it changes. */
export function ConnectionState() {
  const { connection } = useInspector();
  const { state } = useStore(connection);
  const [text, dot, title] = WORDS[state];
  return (
    <span role="status" className="inline-flex items-center gap-1.5 px-1 text-xs text-ink-2" title={title}>
      <span aria-hidden="true" className={`size-2 rounded-full ${dot}`} />
      <span className="max-sm:sr-only">{text}</span>
    </span>
  );
}

/** Over everything while the server is away: what is shown is old, and the page comes back by itself. */
export function LostBanner() {
  const { connection } = useInspector();
  const state = useStore(connection);
  if (state.state !== "lost") return null;
  return (
    <div className="flex h-8 shrink-0 items-center gap-2 border-b border-warn/40 bg-warn-soft px-3 text-xs text-warn">
      <Icon name="clock" className="size-3.5" />
      <span className="truncate">The server does not answer. What is shown may be old. <NextTry atMs={state.nextTryMs} /></span>
    </div>
  );
}

function NextTry({ atMs }: { readonly atMs: number }) {
  const now = useStore(ticking);
  const seconds = Math.max(0, Math.ceil((atMs - now) / 1_000));
  return <span aria-hidden="true">{seconds === 0 ? "Trying again…" : `Trying again in ${seconds} s.`}</span>;
}
