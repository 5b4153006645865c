// What caches did since their process began, and what the open conversation took from them.

import { useEffect } from "react";

import type { CacheView, TimelineEntry } from "../../../src/inspector/api.ts";
import { Button } from "../kit/button.tsx";
import { Chip } from "../kit/chip.tsx";
import { EmptyNotice, FailureNotice } from "../kit/notice.tsx";
import { useConversation } from "../lib/conversation-context.tsx";
import { count, duration, timeOfDay } from "../lib/formatting.ts";
import { useLoaded } from "../lib/loadable.ts";
import { noteChip } from "./logic/entry-words.ts";
import { Card, Fact, Facts, PanelPage } from "./panel-page.tsx";

/** A cache tells nothing by itself: it is asked now and then, while somebody looks, milliseconds. */
const ASK_MS = 3_000;

export function CachePanel() {
  const { api, view, timeline } = useConversation();
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
      {caches.map((cache) => <CacheCard key={cache.part} cache={cache} />)}
      {loaded.state === "ready" && caches.length === 0 ? <EmptyNotice title="No numbers of a cache"><p>This agent has no <code>cache()</code>, or no process serves it now: what a cache holds is in its process, and ends with it.</p></EmptyNotice> : null}
      <Uses entries={timeline.entries} />
    </PanelPage>
  );
}

function CacheCard({ cache }: { readonly cache: CacheView }) {
  const { agent } = useConversation();
  const { part, hits, misses, failures, size } = cache;
  const options = agent?.parts.find(({ name }) => name === part)?.cache;
  const asked = hits + misses;
  const rate = asked === 0 ? undefined : hits / asked;
  return (
    <Card title={<span className="font-mono">{part}</span>} aside={options ? `${options.scope} · ${duration(options.ttlMs)}${options.staleMs > 0 ? `, stale for ${duration(options.staleMs)} more` : ""}` : null}>
      <div className="flex flex-wrap items-center gap-x-8 gap-y-3">
        <div>
          <p className="text-xl font-semibold">{rate === undefined ? "–" : `${Math.round(rate * 100)} %`}</p>
          <p className="text-2xs text-ink-3">hit rate</p>
        </div>
        <div className="min-w-40 flex-1">
          <div aria-hidden="true" className="flex h-2 overflow-hidden rounded-full bg-line">
            <span className="bg-good" style={{ width: `${(rate ?? 0) * 100}%` }} />
            <span className="bg-warn" style={{ width: `${asked === 0 ? 0 : (failures / asked) * 100}%` }} />
          </div>
          <p className="mt-1 text-xs text-ink-2">{count(hits, "hit")}, {count(misses, "miss", "misses")}{failures > 0 ? <span className="text-warn">, {count(failures, "failure")} of its loader</span> : null}</p>
        </div>
        <Facts>
          <Fact name="Entries">{size.toLocaleString("en")}{options ? ` of ${options.max.toLocaleString("en")}` : ""}</Fact>
        </Facts>
      </div>
    </Card>
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
