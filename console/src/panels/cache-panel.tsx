// What caches did since their process began, and what the open conversation took from them.

import { useEffect } from "react";

import type { TimelineEntry } from "../../../src/inspector/api.ts";
import { Button } from "../kit/button.tsx";
import { Chip } from "../kit/chip.tsx";
import { EmptyNotice, FailureNotice } from "../kit/notice.tsx";
import { useConversation } from "../lib/conversation-context.tsx";
import { timeOfDay } from "../lib/formatting.ts";
import { useLoaded } from "../lib/loadable.ts";
import { CacheCard } from "./agent/cache-card.tsx";
import { noteChip } from "./logic/entry-words.ts";
import { Card, PanelPage } from "./panel-page.tsx";

/** A cache tells nothing by itself: it is asked now and then, while somebody looks, milliseconds. */
const ASK_MS = 3_000;

export function CachePanel() {
  const { api, view, timeline, agent } = useConversation();
  const loaded = useLoaded("caches", (signal) => api.caches(signal));
  const { reload } = loaded;
  const last = timeline.entries.at(-1)?.version;
  useEffect(reload, [last, reload]);
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === "visible" && reload(), ASK_MS);
    return () => clearInterval(timer);
  }, [reload]);
  const caches = loaded.value?.filter(({ agentId }) => agentId === view.value?.agentId) ?? [];
  return (
    <PanelPage>
      {loaded.state === "failed" ? <FailureNotice failure={loaded.failure}><Button onClick={reload}>Try again</Button></FailureNotice> : null}
      {caches.map((cache) => <CacheCard key={cache.part} cache={cache} agent={agent} />)}
      {loaded.state === "ready" && caches.length === 0 ? <EmptyNotice title="No numbers of a cache"><p>This agent has no <code>cache()</code>, or no process serves it now: what a cache holds is in its process, and ends with it.</p></EmptyNotice> : null}
      <Uses entries={timeline.entries} />
    </PanelPage>
  );
}

/** The newest ones of a call. */
const MOST_USES = 50;

function Uses({ entries }: { readonly entries: readonly TimelineEntry[] }) {
  const { open } = useConversation();
  const uses = entries.flatMap((entry) => entry.notes.flatMap((note) => (note.kind === "cache" ? [{ entry, note }] : []))).slice(-MOST_USES).reverse();
  if (uses.length === 0) return null;
  return (
    <Card title="In this call" aside="newest first">
      <ol className="divide-y divide-line">
        {uses.map(({ entry, note }, index) => (
          <li key={`${entry.version} ${index}`}>
            <button type="button" onClick={() => open("timeline", entry.version)} className="flex w-full flex-wrap items-center gap-x-3 rounded-sm px-1 py-1.5 text-left hover:bg-hover">
              <time className="font-mono text-2xs text-ink-3">{timeOfDay(entry.atMs)}</time>
              <span className="font-mono text-xs">{entry.name}</span>
              <Chip tone={noteChip(note, timeOfDay).tone}>{noteChip(note, timeOfDay).text}</Chip>
              <span className="ml-auto text-2xs text-accent">version {entry.version}</span>
            </button>
          </li>
        ))}
      </ol>
    </Card>
  );
}
