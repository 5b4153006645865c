// Talking with an agent: what was said, what was done for it, and the caller's side of the line.

import { useConversation } from "../lib/conversation-context.tsx";
import { useInspector } from "../lib/inspector-context.tsx";
import { Composer } from "./composer.tsx";
import { LineBar } from "./line-bar.tsx";
import { TalkEnd } from "./talk-end.tsx";
import { ThreadView } from "./thread-view.tsx";
import { useTalk } from "./use-talk.ts";

export function TalkPane() {
  const { view } = useConversation();
  const { info } = useInspector();
  const talk = useTalk();
  return (
    <section aria-label="Talk" className="flex min-h-0 min-w-0 flex-1 flex-col bg-pane">
      <LineBar talk={talk} isLive={talk.isLive} />
      <ThreadView key={view.value?.conversationId} thread={talk.thread} isTurn={talk.isTurn} tool={talk.tool} isLive={talk.isLive} />
      {talk.isLive && info.canTalk ? <Composer talk={talk} /> : view.value ? <TalkEnd view={view.value} /> : null}
    </section>
  );
}
