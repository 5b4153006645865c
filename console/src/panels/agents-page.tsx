// All agents that tell of themselves, one at a time, with what their caches did.

import { Button } from "../kit/button.tsx";
import { EmptyNotice, FailureNotice } from "../kit/notice.tsx";
import { useInspector } from "../lib/inspector-context.tsx";
import { useLoaded } from "../lib/loadable.ts";
import { go } from "../lib/navigation.ts";
import { AgentAbout } from "./agent/agent-about.tsx";
import { CacheCard } from "./agent/cache-card.tsx";

export function AgentsPage({ name }: { readonly name: string | undefined }) {
  const { agents, api } = useInspector();
  const caches = useLoaded("caches", (signal) => api.caches(signal));
  const agent = agents.find(({ agentId }) => agentId === name) ?? agents[0];
  if (!agent) return <EmptyNotice title="No agent tells of itself"><p>No process that serves agents is connected.</p></EmptyNotice>;
  const own = caches.value?.filter(({ agentId }) => agentId === agent.agentId) ?? [];
  return (
    <div className="@container mx-auto max-w-4xl space-y-3 p-4">
      <div className="flex flex-wrap items-center gap-2">
        <h1 className="mr-auto text-lg font-semibold">Agents</h1>
        <div role="group" aria-label="Agent" className="flex flex-wrap gap-0.5">
          {agents.map(({ agentId }) => (
            <button key={agentId} type="button" aria-pressed={agentId === agent.agentId} onClick={() => go({ page: "side", id: "agents", name: agentId })} className="h-7 rounded-md px-2 font-mono text-xs text-ink-2 hover:bg-hover aria-pressed:bg-chosen aria-pressed:text-accent">{agentId}</button>
          ))}
        </div>
      </div>
      <AgentAbout agent={agent} />
      {caches.state === "failed" ? <FailureNotice failure={caches.failure}><Button onClick={caches.reload}>Try again</Button></FailureNotice> : null}
      {own.map((cache) => <CacheCard key={cache.part} cache={cache} agent={agent} />)}
    </div>
  );
}
