// What is below a talk that nobody can speak in.

import type { ConversationView } from "../../../src/inspector/api.ts";
import { Button } from "../kit/button.tsx";
import { Icon } from "../kit/icon.tsx";
import { timeOfDay } from "../lib/formatting.ts";
import { useInspector } from "../lib/inspector-context.tsx";
import { useNewCall } from "./new-call.ts";

export function TalkEnd({ view }: { readonly view: ConversationView }) {
  const { info } = useInspector();
  const begin = useNewCall();
  const { agentId, endReason, updatedAtMs } = view;
  return (
    <div className="flex shrink-0 items-center gap-2 border-t border-line p-2 pl-3 text-xs text-ink-3">
      <span className="min-w-0 flex-1 truncate">{view.status === "live" ? "Nobody can speak in it from here." : `Ended at ${timeOfDay(updatedAtMs)}${endReason ? `: ${endReason.replaceAll("_", " ")}` : ""}`}</span>
      {info.canTalk && agentId !== null ? <Button onClick={() => void begin({ agentId })}><Icon name="phone" className="size-3.5" />Call again</Button> : null}
    </div>
  );
}
