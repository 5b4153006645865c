// What can be done with the open conversation: the bar of its head.
//
//   CN1. What the server does not allow is not offered.

import { useState } from "react";

import { Button } from "../../kit/button.tsx";
import { failureOf, type ApiFailure } from "../../lib/api-failure.ts";
import { useConversation, type OpenConversation } from "../../lib/conversation-context.tsx";
import { download } from "./download.ts";
import { useShortcuts } from "../../lib/keyboard.ts";
import { FailureLine } from "./failure-line.tsx";
import { ForkDialog, ReplayDialog, RunToolDialog, SaveTestDialog, SignalDialog } from "./lazy-dialogs.tsx";
import { Menu, type MenuItem } from "./menu.tsx";

type Doing = "run" | "fork" | "replay" | "test" | "signal" | null;

/** Buttons and their dialogs. @param onEnd asks whether to end the call, where the menu has to offer it. */
export function ConversationActions({ isNarrow = false, onEnd }: { readonly isNarrow?: boolean; readonly onEnd?: (() => void) | undefined }) {
  const open = useConversation();
  const [doing, setDoing] = useState<Doing>(null);
  const [failure, setFailure] = useState<ApiFailure>();
  const close = (): void => setDoing(null);
  const exportAll = async (): Promise<void> => {
    try {
      download(`${open.conversationId}.json`, await open.api.export(open.conversationId), "application/json");
      setFailure(undefined);
    } catch (thrown) {
      setFailure(failureOf(thrown));
    }
  };
  const isLive = open.view.value?.status === "live";
  const canRun = open.info.canWrite && isLive && open.agent !== undefined;
  useShortcuts([
    ...(canRun ? [{ keys: "r", does: "Run a tool", group: "Conversation", run: () => setDoing("run") }] : []),
    ...(open.info.canWrite ? [{ keys: "f", does: "Fork from the version that is looked at", group: "Conversation", run: () => setDoing("fork") }] : []),
  ]);
  const run: readonly MenuItem[] = canRun && isNarrow ? [{ id: "run", title: "Run a tool…", glyph: "right", run: () => setDoing("run") }] : [];
  const end: readonly MenuItem[] = onEnd ? [{ id: "end", title: "End the call…", glyph: "hangup", run: onEnd }] : [];
  return (
    <div className="flex items-center gap-1.5">
      {canRun && !isNarrow ? <Button onClick={() => setDoing("run")}>Run a tool…</Button> : null}
      <Menu label="More to do with this conversation" items={[...run, ...itemsOf(open, isLive, setDoing, exportAll), ...end]}>More</Menu>
      {failure ? <FailureLine failure={failure} /> : null}
      {doing === "run" ? <RunToolDialog onClose={close} /> : null}
      {doing === "fork" ? <ForkDialog version={open.selectedVersion ?? open.view.value?.version ?? 1} onClose={close} /> : null}
      {doing === "replay" ? <ReplayDialog onClose={close} /> : null}
      {doing === "test" ? <SaveTestDialog onClose={close} /> : null}
      {doing === "signal" ? <SignalDialog onClose={close} /> : null}
    </div>
  );
}

/** CN1. */
function itemsOf({ info, selectedVersion }: OpenConversation, isLive: boolean, begin: (doing: Doing) => void, exportAll: () => Promise<void>): readonly MenuItem[] {
  const items: MenuItem[] = [];
  if (info.canWrite) items.push({ id: "fork", title: selectedVersion === null ? "Fork from now…" : `Fork from version ${selectedVersion}…`, about: "A new conversation that begins with this state", glyph: "fork", run: () => begin("fork") });
  if (info.canReplay) {
    items.push({ id: "replay", title: "Replay…", about: "Run it again on the code as it is now, without side effects", glyph: "clock", run: () => begin("replay") });
    items.push({ id: "test", title: "Save as a test…", about: "A test file that passes as it is", glyph: "check", run: () => begin("test") });
  }
  items.push({ id: "export", title: "Export as JSON", about: "State and timeline, masked", glyph: "down", run: () => void exportAll() });
  if (info.canWrite && isLive) items.push({ id: "signal", title: "Send a signal…", about: "Something that happened outside", glyph: "plus", run: () => begin("signal") });
  return items;
}
