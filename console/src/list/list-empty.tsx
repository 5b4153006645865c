// A list without rows says what would fill it.

import { Button } from "../kit/button.tsx";
import { Icon } from "../kit/icon.tsx";
import { EmptyNotice } from "../kit/notice.tsx";
import { NO_FILTER } from "../lib/address.ts";
import { useInspector } from "../lib/inspector-context.tsx";
import { useRoom } from "../lib/media.ts";
import { filterBy, place } from "../lib/navigation.ts";
import { useSelected } from "../lib/use-store.ts";
import { overlay } from "../shell/commands.ts";

export function ListEmpty() {
  const { info } = useInspector();
  const room = useRoom();
  const isNarrowed = useSelected(place, ({ filter }) => Object.entries(NO_FILTER).some(([name, value]) => filter[name as keyof typeof filter] !== value));
  if (isNarrowed) {
    return (
      <EmptyNotice title="No conversation is like this">
        <Button onClick={() => filterBy(NO_FILTER)}>Show all</Button>
      </EmptyNotice>
    );
  }
  return (
    <EmptyNotice title="No conversations yet">
      {info.canTalk ? (
        <>
          {info.callCommand === null ? <p>They appear here as soon as somebody calls an agent.</p> : (
            <>
              <p>Make a call: here, or in a second terminal with</p>
              <code className="rounded-sm bg-sunk px-2 py-1 font-mono text-xs">{info.callCommand}</code>
            </>
          )}
          {/* With more room, the agents to call stand beside the list. */}
          {room === "narrow" ? <Button look="accent" onClick={() => overlay.set("new-call")}><Icon name="phone" />New call</Button> : null}
        </>
      ) : (
        <p>They appear here as soon as an agent's phone rings.</p>
      )}
    </EmptyNotice>
  );
}
