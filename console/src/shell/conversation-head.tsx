// Which conversation it is, and how it is.

import { useState } from "react";

import { Button, IconButton } from "../kit/button.tsx";
import { Dialog } from "../kit/dialog.tsx";
import { Icon } from "../kit/icon.tsx";
import { FailureNotice } from "../kit/notice.tsx";
import { Ago } from "../kit/ago.tsx";
import { failureOf, type ApiFailure } from "../lib/api-failure.ts";
import { useConversation } from "../lib/conversation-context.tsx";
import { size } from "../lib/formatting.ts";
import { useInspector } from "../lib/inspector-context.tsx";
import { useRoom } from "../lib/media.ts";
import { filterBy, go } from "../lib/navigation.ts";
import { StatusWord } from "../list/list-row.tsx";
import { ConversationActions } from "../panels/actions/conversation-actions.tsx";
import { useLineState } from "../talk/use-line.ts";

export function ConversationHead() {
  const { conversationId, view } = useConversation();
  const room = useRoom();
  const { value } = view;
  // Who is on the line hangs up; ending a call is for who looks at somebody else's.
  const isOnLine = useLineState(conversationId).state === "open";
  const { info } = useInspector();
  const [isEnding, setEnding] = useState(false);
  const canEnd = info.canWrite && value?.status === "live" && !isOnLine;
  return (
    <header className="flex min-h-12 shrink-0 flex-wrap items-center gap-x-2 gap-y-1 border-b border-line bg-pane px-3 py-1">
      {room === "narrow" ? <IconButton label="All conversations" onClick={() => go({ page: "list" })} className="-ml-1.5"><Icon name="left" /></IconButton> : null}
      <div className="min-w-0 flex-1 basis-44">
        <h1 className="flex items-center gap-1 text-base leading-tight font-semibold">
          <span className="truncate" title={conversationId}>{conversationId}</span>
          <CopyButton text={conversationId} />
        </h1>
        <div className="flex items-center gap-1.5 overflow-hidden text-xs whitespace-nowrap text-ink-3">
          {value ? (
            <>
              <StatusWord status={value.status} endReason={value.endReason} />
              <span>· {value.agentId ?? "no agent"}{value.parts.length === 0 ? null : <span className="max-sm:hidden"> · {size(value.parts.reduce((sum, { bytes }) => sum + bytes, 0))}</span>} ·</span>
              <span>began <Ago atMs={value.createdAtMs} isSentence /></span>
              {value.customer === null ? null : <CustomerLink customer={value.customer} />}
              {value.status === "live" && value.process === null ? <span className="text-warn">· no process serves it</span> : null}
              {value.mail > 0 ? <span className="text-warn">· {value.mail} waiting</span> : null}
            </>
          ) : <span>{view.state === "failed" ? "not seen from here" : "…"}</span>}
        </div>
      </div>
      {value ? <ConversationActions isNarrow={room === "narrow"} onEnd={canEnd && room === "narrow" ? () => setEnding(true) : undefined} /> : null}
      {canEnd && room !== "narrow" ? <Button onClick={() => setEnding(true)}>End call</Button> : null}
      {isEnding ? <EndDialog onClose={() => setEnding(false)} /> : null}
    </header>
  );
}

function CustomerLink({ customer }: { readonly customer: string }) {
  return (
    <button type="button" onClick={() => filterBy({ customer })} title={`All calls of customer ${customer}`} className="-my-1 h-6 max-w-40 min-w-16 truncate font-mono text-2xs text-accent hover:underline">
      {customer}
    </button>
  );
}

function CopyButton({ text }: { readonly text: string }) {
  const [isDone, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text).catch(() => undefined);
    setDone(true);
    setTimeout(() => setDone(false), 1_500);
  };
  return <IconButton label={isDone ? "Copied" : "Copy the id"} onClick={() => void copy()} isSmall><Icon name={isDone ? "check" : "copy"} className="size-3" /></IconButton>;
}

/** Ending somebody's call is asked for twice. */
function EndDialog({ onClose }: { readonly onClose: () => void }) {
  const { api, conversationId, reload } = useConversation();
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const end = async () => {
    try {
      await api.end(conversationId);
      reload();
      onClose();
    } catch (error) {
      setFailure(failureOf(error));
    }
  };
  return (
    <Dialog title="End this call?" onClose={onClose} className="max-w-sm!">
      <p className="p-4 text-ink-2">The caller is disconnected, and the agent hears that the conversation is over. This cannot be undone.</p>
      {failure ? <FailureNotice failure={failure} /> : null}
      <div className="flex justify-end gap-2 border-t border-line p-3">
        <Button onClick={onClose}>Let it go on</Button>
        <Button look="bad" onClick={() => void end()}>End the call</Button>
      </div>
    </Dialog>
  );
}
