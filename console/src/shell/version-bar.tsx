// The version that is looked at, and the way through all of them.

import { Button, IconButton } from "../kit/button.tsx";
import { Icon } from "../kit/icon.tsx";
import { useConversation } from "../lib/conversation-context.tsx";
import { timeOfDay } from "../lib/formatting.ts";
import { useShortcuts } from "../lib/keyboard.ts";
import { useRoom } from "../lib/media.ts";

export function VersionBar() {
  const { selectedVersion, selectedEntry, timeline, view, select } = useConversation();
  const room = useRoom();
  const newest = view.value?.version ?? timeline.entries.at(-1)?.version ?? 0;
  const at = selectedVersion ?? newest;
  const step = (by: number) => {
    const to = Math.max(0, at + by);
    select(to >= newest ? null : to);
  };
  useShortcuts([
    { keys: "[", does: "One version back", group: "Time", run: () => step(-1) },
    { keys: "]", does: "One version on", group: "Time", run: () => step(1) },
    { keys: "g n", does: "Now", group: "Time", run: () => select(null) },
  ]);
  const isPast = selectedVersion !== null;
  return (
    <div className={`flex h-8 shrink-0 items-center gap-1 border-b px-1.5 text-xs ${isPast ? "border-warn/40 bg-warn-soft text-warn" : "border-line text-ink-3"}`}>
      <IconButton label="One version back" disabled={at <= 0} onClick={() => step(-1)} isSmall><Icon name="left" className="size-3.5" /></IconButton>
      <IconButton label="One version on" disabled={!isPast} onClick={() => step(1)} isSmall><Icon name="right" className="size-3.5" /></IconButton>
      <span className="ml-1 shrink-0">Version {at}{isPast ? ` of ${newest}` : ""}</span>
      {selectedEntry ? (
        <span className="truncate">· <span className="font-mono">{selectedEntry.name}</span> at {timeOfDay(selectedEntry.atMs, room !== "narrow")}</span>
      ) : null}
      <span className="flex-1" />
      {isPast ? <Button look="quiet" isSmall className="text-warn!" onClick={() => select(null)}>Back to now</Button> : <span className="pr-1.5">Now</span>}
    </div>
  );
}
