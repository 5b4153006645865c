// Beside the list while no conversation is open: who can be called, and with which words.

import { useState } from "react";

import type { AgentView } from "../../../src/inspector/api.ts";
import { Button } from "../kit/button.tsx";
import { Chip } from "../kit/chip.tsx";
import { Icon } from "../kit/icon.tsx";
import { Kbd } from "../kit/kbd.tsx";
import { FailureNotice } from "../kit/notice.tsx";
import { failureOf, type ApiFailure } from "../lib/api-failure.ts";
import { count } from "../lib/formatting.ts";
import { useInspector } from "../lib/inspector-context.tsx";
import { NO_AGENTS } from "../talk/new-call-dialog.tsx";
import { useNewCall } from "../talk/new-call.ts";

export function StartPage() {
  const { info, agents } = useInspector();
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto flex min-h-full max-w-4xl flex-col justify-center gap-6 px-6 py-10">
        <div>
          <h1 className="text-xl font-semibold tracking-tight">{info.canTalk ? "Talk to an agent, and look inside" : "Look inside a conversation"}</h1>
          <p className="mt-1 max-w-prose text-base text-ink-2">What the agent believes, which tool wrote it, and why a call was refused - live, and at every version before.</p>
        </div>
        {failure ? <FailureNotice failure={failure} /> : null}
        {agents.length === 0 ? (
          <p className="text-ink-2">{NO_AGENTS}</p>
        ) : (
          <ul aria-label="Agents" className="grid gap-3 [grid-template-columns:repeat(auto-fill,minmax(15rem,1fr))]">
            {agents.map((agent) => <AgentCard key={agent.agentId} agent={agent} canCall={info.canTalk} onFailure={setFailure} />)}
          </ul>
        )}
        <ul className="flex flex-wrap gap-x-5 gap-y-1.5 text-xs text-ink-3">
          <li className="inline-flex items-center gap-1.5"><Kbd keys="j" /><Kbd keys="k" /> choose</li>
          <li className="inline-flex items-center gap-1.5"><Kbd keys="Enter" /> open</li>
          <li className="inline-flex items-center gap-1.5"><Kbd keys="mod+k" /> jump</li>
          {info.canTalk ? <li className="inline-flex items-center gap-1.5"><Kbd keys="n" /> new call</li> : null}
          <li className="inline-flex items-center gap-1.5"><Kbd keys="?" /> all keys</li>
        </ul>
      </div>
    </div>
  );
}

function AgentCard({ agent, canCall, onFailure }: { readonly agent: AgentView; readonly canCall: boolean; readonly onFailure: (failure: ApiFailure | null) => void }) {
  const begin = useNewCall();
  const [isBusy, setBusy] = useState(false);
  const { agentId, isServed, parts, tools } = agent;
  const example = tools.flatMap(({ examples }) => examples)[0];
  const call = async () => {
    setBusy(true);
    onFailure(null);
    try {
      await begin({ agentId });
    } catch (error) {
      onFailure(failureOf(error));
      setBusy(false);
    }
  };
  return (
    <li className="flex flex-col gap-2 rounded-lg border border-line bg-pane p-3">
      <div className="flex items-center gap-2">
        <h2 className="min-w-0 flex-1 truncate text-base font-semibold">{agentId}</h2>
        {isServed ? null : <Chip tone="warn">not served</Chip>}
        {canCall ? <Button look="accent" isSmall disabled={isBusy} aria-label={`Call ${agentId}`} onClick={() => void call()}><Icon name="phone" className="size-3.5" />Call</Button> : null}
      </div>
      <p className="text-xs text-ink-3">{[count(tools.length, "tool"), ...new Set(parts.map(({ kind }) => kind).filter((kind) => kind !== "other"))].join(" · ")}</p>
      {example === undefined ? null : <p className="mt-auto line-clamp-2 text-ink-2">“{example}”</p>}
    </li>
  );
}
