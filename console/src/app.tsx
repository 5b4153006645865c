// The whole page: the gate, or what is behind it.

import { Suspense, useEffect, useState } from "react";

import { FailureNotice } from "./kit/notice.tsx";
import { InspectorProvider } from "./lib/inspector-context.tsx";
import { InspectorSource } from "./lib/inspector-source.ts";
import { listenToKeys } from "./lib/keyboard.ts";
import { useRoom } from "./lib/media.ts";
import { followAddress, place } from "./lib/navigation.ts";
import { useSelected, useStore } from "./lib/use-store.ts";
import { followTheme } from "./lib/theme.ts";
import { ConversationList } from "./list/conversation-list.tsx";
import { SIDE_PAGES } from "./panels/registry.tsx";
import { Brand } from "./shell/brand.tsx";
import { LostBanner } from "./shell/connection-state.tsx";
import { ConversationPage } from "./shell/conversation-page.tsx";
import { Gate } from "./shell/gate.tsx";
import { Overlays } from "./shell/overlays.tsx";
import { PanelBoundary } from "./shell/panel-boundary.tsx";
import { StartPage } from "./shell/start-page.tsx";
import { Throws } from "./shell/throws.tsx";
import { TopBar } from "./shell/top-bar.tsx";

export function App() {
  const [source] = useState(() => new InspectorSource());
  useEffect(() => {
    // The token first: it must not be taken for a place.
    const stops = [source.start(), followAddress(), followTheme(document.documentElement, localStorage), listenToKeys(window, () => Date.now())];
    return () => {
      for (const stop of stops) stop();
    };
  }, [source]);
  const entry = useStore(source.entry);
  if (entry.state === "gate") return <Gate isRefused={entry.isRefused} onToken={source.enter} />;
  if (entry.state === "connecting") {
    return (
      <main className="flex h-full flex-col items-center justify-center gap-2">
        <Brand />
        {entry.failure ? <FailureNotice failure={entry.failure} /> : <p role="status" className="text-ink-3">Connecting…</p>}
      </main>
    );
  }
  return (
    <InspectorProvider value={entry.inspector}>
      <div className="flex h-full flex-col">
        <header className="shrink-0">
          <TopBar />
          <LostBanner />
        </header>
        <Body />
      </div>
      <Overlays />
      <Throws />
    </InspectorProvider>
  );
}

function Body() {
  const view = useSelected(place, (now) => now.view);
  const room = useRoom();
  useEffect(() => {
    document.title = view.page === "conversation" ? `${view.conversationId} - conversimple` : "conversimple";
  }, [view]);
  if (view.page === "side") return <Side id={view.id} name={view.name} />;
  const isListShown = room !== "narrow" || view.page === "list";
  // Alone on a narrow page, the list is what the page is about.
  const ListPlace = room === "narrow" ? "main" : "nav";
  return (
    <div className="flex min-h-0 flex-1">
      {isListShown ? (
        <ListPlace aria-label="Conversations" className={`flex min-h-0 bg-pane ${room === "narrow" ? "flex-1" : "w-72 shrink-0 border-r border-line 2xl:w-80"}`}>
          {room === "narrow" ? <h1 className="sr-only">Conversations</h1> : null}
          <ConversationList chosen={view.page === "conversation" ? view.conversationId : null} />
        </ListPlace>
      ) : null}
      {view.page === "conversation" || room !== "narrow" ? (
        <main className="flex min-h-0 min-w-0 flex-1">
          {view.page === "conversation" ? <ConversationPage key={view.conversationId} conversationId={view.conversationId} panel={view.panel} version={view.version} /> : <StartPage />}
        </main>
      ) : null}
    </div>
  );
}

function Side({ id, name }: { readonly id: string; readonly name: string | undefined }) {
  const page = SIDE_PAGES.find((each) => each.id === id);
  return (
    <main className="min-h-0 flex-1 overflow-y-auto">
      <PanelBoundary key={id}>
        <Suspense fallback={null}>{page ? <page.Component name={name} /> : <p className="p-6 text-ink-3">There is no page like this.</p>}</Suspense>
      </PanelBoundary>
    </main>
  );
}
