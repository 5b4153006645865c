// The agent of the open conversation, and which of its tools the state allows now.

import { useState } from "react";

import { Button } from "../kit/button.tsx";
import { EmptyNotice } from "../kit/notice.tsx";
import { useConversation } from "../lib/conversation-context.tsx";
import { RunToolDialog } from "./actions/lazy-dialogs.tsx";
import { AgentAbout } from "./agent/agent-about.tsx";
import { PanelPage } from "./panel-page.tsx";

export function AgentPanel() {
  const { agent, view, info } = useConversation();
  const [running, setRunning] = useState<string>();
  const canRun = info.canWrite && view.value?.status === "live";
  if (!agent) return <PanelPage>{view.value ? <EmptyNotice title="The agent's code is not here"><p>{view.value.agentId === null ? "This conversation does not say which agent it belongs to." : <>No process that serves <code>{view.value.agentId}</code> tells of itself. Its state and its timeline can be read all the same.</>}</p></EmptyNotice> : null}</PanelPage>;
  return (
    <PanelPage>
      <AgentAbout agent={agent} offered={view.value?.offeredTools ?? []} action={({ name }) => (canRun ? <Button onClick={() => setRunning(name)} aria-label={`Run ${name}`}>Run…</Button> : null)} />
      {running === undefined ? null : <RunToolDialog tool={running} onClose={() => setRunning(undefined)} />}
    </PanelPage>
  );
}
