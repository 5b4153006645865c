// The dialogs that every part of the page can open, and the keys for them.

import { useMemo } from "react";

import { useInspector } from "../lib/inspector-context.tsx";
import { useShortcuts } from "../lib/keyboard.ts";
import { filterBy, go, place } from "../lib/navigation.ts";
import { useSelected, useStore } from "../lib/use-store.ts";
import { isDark, switchTheme } from "../lib/theme.ts";
import { PANELS, SIDE_PAGES } from "../panels/registry.tsx";
import { NewCallDialog } from "../talk/new-call-dialog.tsx";
import { overlay, type Command } from "./commands.ts";
import { Help } from "./help.tsx";
import { Palette } from "./palette.tsx";

export function Overlays() {
  const open = useStore(overlay);
  const { info } = useInspector();
  const close = () => overlay.set(null);
  const commands = useCommands();
  useShortcuts([
    { keys: "mod+k", does: "Search or jump to", run: () => overlay.set(open === "palette" ? null : "palette") },
    { keys: "?", does: "These keys", run: () => overlay.set("help") },
    ...(info.canTalk ? [{ keys: "n", does: "New call", run: () => overlay.set("new-call") }] : []),
    { keys: "g h", does: "All conversations", run: () => go({ page: "list" }) },
    ...SIDE_PAGES.map(({ id, title, shortcut }) => ({ keys: `g ${shortcut}`, does: title, run: () => go({ page: "side", id, name: undefined }) })),
    { keys: "shift+t", does: "Dark or light", run: () => switchTheme(isDark()) },
  ]);
  if (open === "palette") return <Palette commands={commands} onClose={close} />;
  if (open === "help") return <Help onClose={close} />;
  if (open === "new-call") return <NewCallDialog onClose={close} />;
  return null;
}

function useCommands(): readonly Command[] {
  const { agents, info } = useInspector();
  const view = useSelected(place, (now) => now.view);
  return useMemo((): readonly Command[] => [
    ...(info.canTalk ? [{ id: "new-call", title: "New call", group: "Command", keys: "n", run: () => overlay.set("new-call") }] : []),
    ...(view.page === "conversation" ? PANELS.map(({ id, title, shortcut }) => ({ id: `panel/${id}`, title, hint: "of this conversation", group: "Panel", keys: `g ${shortcut}`, run: () => go({ ...view, panel: id }) })) : []),
    { id: "list", title: "All conversations", group: "Page", keys: "g h", run: () => go({ page: "list" }) },
    ...SIDE_PAGES.map(({ id, title, shortcut }) => ({ id: `page/${id}`, title, group: "Page", keys: `g ${shortcut}`, run: () => go({ page: "side", id, name: undefined }) })),
    { id: "live", title: "Only live conversations", group: "List", run: () => filterBy({ status: "live" }) },
    ...agents.map(({ agentId }) => ({ id: `agent/${agentId}`, title: `Conversations of ${agentId}`, group: "List", run: () => filterBy({ agent: agentId }) })),
    { id: "theme", title: "Dark or light", group: "Command", keys: "shift+t", run: () => switchTheme(isDark()) },
    { id: "help", title: "Keys", group: "Command", keys: "?", run: () => overlay.set("help") },
  ], [agents, info, view]);
}
