// One conversation: its head, the version that is looked at, its talk, and its panels.

import { Suspense } from "react";

import { EmptyNotice, FailureNotice } from "../kit/notice.tsx";
import { Button } from "../kit/button.tsx";
import { tabPanelProps, Tabs, type Tab } from "../kit/tabs.tsx";
import type { ApiFailure } from "../lib/api-failure.ts";
import { useConversation } from "../lib/conversation-context.tsx";
import { ConversationScope } from "../lib/conversation-view.tsx";
import { useInspector } from "../lib/inspector-context.tsx";
import { useShortcuts } from "../lib/keyboard.ts";
import { useRoom } from "../lib/media.ts";
import { go } from "../lib/navigation.ts";
import { LockBanner } from "../panels/lock-banner.tsx";
import { PANELS } from "../panels/registry.tsx";
import { knownLine } from "../talk/caller-lines.ts";
import { TalkPane } from "../talk/talk-pane.tsx";
import { ConversationHead } from "./conversation-head.tsx";
import { PanelBoundary } from "./panel-boundary.tsx";
import { VersionBar } from "./version-bar.tsx";

const TALK: Tab = { id: "talk", title: "Talk" };

export function ConversationPage({ conversationId, panel, version }: { readonly conversationId: string; readonly panel: string; readonly version: number | null }) {
  return (
    <ConversationScope conversationId={conversationId} panel={panel} version={version}>
      <Opened panel={panel} />
    </ConversationScope>
  );
}

function Opened({ panel }: { readonly panel: string }) {
  const { conversationId, view } = useConversation();
  const isUnseen = view.state === "failed" && view.value === undefined;
  // One can talk in a call that is not stored yet, or that this server cannot look into.
  if (isUnseen && knownLine(conversationId) === undefined) return <NotThere failure={view.failure} />;
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <ConversationHead />
      {view.value?.quarantine ? <FailureNotice failure={view.value.quarantine} /> : null}
      <LockBanner />
      {isUnseen ? <OnlyTalk failure={view.failure} /> : <Panes panel={panel} />}
    </div>
  );
}

function Panes({ panel }: { readonly panel: string }) {
  const open = useConversation();
  const { info } = useInspector();
  const room = useRoom();
  const panels = PANELS.filter(({ isFor }) => isFor === undefined || isFor(open));
  const hasColumn = room === "wide" && info.canTalk;
  const tabs: Tab[] = [...(info.canTalk && !hasColumn ? [TALK] : []), ...panels.map(({ id, title }) => ({ id, title }))];
  const chosen = tabs.find(({ id }) => id === panel)?.id ?? tabs[0]?.id ?? "";
  const Panel = panels.find(({ id }) => id === chosen)?.Component;
  useShortcuts([
    ...panels.map(({ id, title, shortcut }) => ({ keys: `g ${shortcut}`, does: title, group: "Conversation", run: () => open.open(id) })),
    ...(hasColumn ? [] : [{ keys: "g t", does: "Talk", group: "Conversation", run: () => open.open("talk") }]),
  ]);
  return (
    <div className="flex min-h-0 flex-1">
      {hasColumn ? <div className="flex w-[22rem] shrink-0 border-r border-line 2xl:w-[26rem]"><TalkPane /></div> : null}
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <Tabs label="Views of the conversation" tabs={tabs} chosen={chosen} onChoose={(id) => open.open(id)} />
        {chosen === TALK.id ? null : <VersionBar />}
        <div {...tabPanelProps(chosen)} className="flex min-h-0 flex-1 flex-col overflow-y-auto">
          {chosen === TALK.id ? null : <h2 className="sr-only">{panels.find(({ id }) => id === chosen)?.title}</h2>}
          <PanelBoundary key={chosen}>
            {chosen === TALK.id ? <TalkPane /> : <Suspense fallback={null}>{Panel ? <Panel /> : null}</Suspense>}
          </PanelBoundary>
        </div>
      </div>
    </div>
  );
}

function OnlyTalk({ failure }: { readonly failure: ApiFailure }) {
  return (
    <>
      {failure.status === 404 ? null : <FailureNotice failure={failure} />}
      <div className="mx-auto flex min-h-0 w-full max-w-2xl flex-1 flex-col"><TalkPane /></div>
    </>
  );
}

function NotThere({ failure }: { readonly failure: { readonly message: string; readonly remedy: string | undefined } }) {
  return (
    <EmptyNotice title={failure.message}>
      {failure.remedy === undefined ? null : <p>{failure.remedy}</p>}
      <Button onClick={() => go({ page: "list" })}>Show all conversations</Button>
    </EmptyNotice>
  );
}
