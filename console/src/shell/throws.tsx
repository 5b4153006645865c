// What handlers threw, and why the agents cannot run: the developer hears here what no caller does.
//
//   TR1. One that comes again is counted, not repeated; at most MOST stand at a time, the newest last. They stay until closed.
//   TR2. Why the agents cannot run stands until they do.

import { useCallback, useState } from "react";

import type { InspectorEvent } from "../../../src/inspector/api.ts";
import { IconButton } from "../kit/button.tsx";
import { Icon } from "../kit/icon.tsx";
import { useInspectorEvents } from "../lib/inspector-context.tsx";

const MOST = 3;

type Threw = InspectorEvent & { readonly type: "threw" };
type LoadFailure = NonNullable<(InspectorEvent & { readonly type: "agents" })["failure"]>;

interface Told {
  readonly id: number;
  readonly threw: Threw;
  readonly times: number;
}

export function Throws() {
  const [told, setTold] = useState<readonly Told[]>([]);
  const [failure, setFailure] = useState<LoadFailure>();
  useInspectorEvents((event) => {
    if (event.type === "agents") setFailure(event.failure);
    if (event.type === "threw") setTold((now) => withThrow(now, event));
  });
  const close = useCallback((id: number) => setTold((now) => now.filter((each) => each.id !== id)), []);
  return (
    <div role="status" aria-label="What handlers threw" className="pointer-events-none fixed right-3 bottom-3 z-20 flex max-w-[min(30rem,calc(100vw-1.5rem))] flex-col items-end gap-2">
      {failure ? (
        <div className="pointer-events-auto max-w-full rounded-md border border-bad/40 bg-float p-2 pl-3 shadow-lg">
          <p className="font-medium break-words text-bad">The agents cannot run: <span className="font-normal text-ink">{failure.message}</span></p>
          {failure.remedy === undefined ? null : <p className="text-xs text-ink-2">{failure.remedy}</p>}
          <p className="text-2xs text-ink-3">What is stored stays as it is. The next save starts them again.</p>
        </div>
      ) : null}
      {told.map(({ id, threw, times }) => (
        <div key={id} className="pointer-events-auto flex max-w-full items-start gap-2 rounded-md border border-bad/40 bg-float p-2 pl-3 shadow-lg">
          <div className="min-w-0">
            <p className="font-medium break-words text-bad">{threw.places.length === 0 ? "An error" : "A handler threw"}{times > 1 ? ` (${times} times)` : ""}: <span className="font-normal text-ink">{threw.message}</span></p>
            {threw.places.slice(0, 3).map((place) => <p key={place} className="truncate font-mono text-2xs text-ink-2" title={place}>{place}</p>)}
            <p className="text-2xs text-ink-3">{threw.reference === undefined ? "" : `Reference ${threw.reference}. `}{threw.places.length === 0 ? "More is in the terminal." : "The stack is in the terminal."}</p>
          </div>
          <IconButton label="Close" isSmall onClick={() => close(id)}><Icon name="close" className="size-3" /></IconButton>
        </div>
      ))}
    </div>
  );
}

/** TR1. */
function withThrow(now: readonly Told[], threw: Threw): readonly Told[] {
  const same = now.find((each) => each.threw.message === threw.message && each.threw.places[0] === threw.places[0]);
  if (same) return now.map((each) => (each === same ? { ...each, threw, times: each.times + 1 } : each));
  return [...now, { id: (now.at(-1)?.id ?? 0) + 1, threw, times: 1 }].slice(-MOST);
}
