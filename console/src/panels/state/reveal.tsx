// Seeing in clear what is masked: for a reason, for a minute, and journalled.                          (P21)
//
//   RV1. What was revealed is in this component's memory only, and gone when another version or conversation is looked at,
//        when the state changes, when the minute is over, or when somebody hides it.

import { useEffect, useId, useState } from "react";

import type { PartsView } from "../../../../src/inspector/api.ts";
import { Button } from "../../kit/button.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { failureOf, type ApiFailure } from "../../lib/api-failure.ts";
import { useConversation } from "../../lib/conversation-context.tsx";
import { Icon } from "../../kit/icon.tsx";
import { sameStateVersion } from "../logic/same-state.ts";

/** How long it is shown, milliseconds. */
const SHOWN_MS = 60_000;

export interface Reveal {
  /** All parts in clear, while they are. */
  readonly parts: PartsView | undefined;
  readonly ask: () => void;
  readonly hide: () => void;
  readonly isAsking: boolean;
  readonly close: () => void;
  readonly show: (reason: string) => Promise<void>;
}

/**
 * RV1.
 *
 * @param of whose values they are; those of another one are not shown.
 * @param asked asks the server for them. @param isSame whether what they were of is still so.
 */
export function useReveal(of: string, asked: (reason: string) => Promise<PartsView>, isSame: (revealed: PartsView) => boolean): Reveal {
  const [parts, setParts] = useState<{ readonly of: string; readonly view: PartsView }>();
  const [isAsking, setAsking] = useState(false);
  useEffect(() => {
    if (!parts) return undefined;
    const timer = setTimeout(() => setParts(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [parts]);
  return {
    parts: parts?.of === of && isSame(parts.view) ? parts.view : undefined,
    isAsking,
    ask: () => setAsking(true),
    close: () => setAsking(false),
    hide: () => setParts(undefined),
    show: async (reason) => {
      setParts({ of, view: await asked(reason) });
      setAsking(false);
    },
  };
}

/** Of the open conversation, at the version that is looked at. */
export function useStateReveal(): Reveal {
  const { conversationId, api, selectedVersion, view, timeline } = useConversation();
  return useReveal(
    `${conversationId}@${selectedVersion ?? "now"}`,
    (reason) => api.reveal(conversationId, { reason, ...(selectedVersion === null ? {} : { version: selectedVersion }) }),
    ({ version }) => selectedVersion !== null || sameStateVersion(timeline.entries, version) >= (view.value?.version ?? 0),
  );
}

/** Asks why. */
export function RevealDialog({ reveal, whose = "this conversation" }: { readonly reveal: Reveal; readonly whose?: string }) {
  const [reason, setReason] = useState("");
  const [failure, setFailure] = useState<ApiFailure>();
  const [isBusy, setBusy] = useState(false);
  const id = useId();
  if (!reveal.isAsking) return null;
  const submit = async (): Promise<void> => {
    setBusy(true);
    try {
      await reveal.show(reason.trim());
    } catch (thrown) {
      setFailure(failureOf(thrown));
    }
    setBusy(false);
  };
  return (
    <Dialog title="Show what is masked" onClose={reveal.close}>
      <form className="space-y-3 p-4" onSubmit={(event) => { event.preventDefault(); void submit(); }}>
        <p className="text-ink-2">Personal values of {whose} are shown in clear for one minute. That you looked, when, and why is written into the journal of this conversation, where everybody who sees the timeline can read it.</p>
        <label htmlFor={id} className="block font-medium">Why do you need to see them?</label>
        <input id={id} autoFocus required minLength={3} maxLength={300} value={reason} onChange={(event) => setReason(event.target.value)} placeholder="Ticket 4711: the caller says that the address is wrong" className="w-full rounded-md border border-edge bg-pane px-2.5 py-1.5" />
        {failure ? <p role="alert" className="rounded-md bg-bad-soft px-2 py-1.5 text-bad">{failure.message} <span className="text-ink-2">{failure.remedy}</span></p> : null}
        <div className="flex justify-end gap-2">
          <Button look="quiet" onClick={reveal.close}>Cancel</Button>
          <Button type="submit" look="accent" disabled={isBusy || reason.trim().length < 3}>Show, and write it down</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Offers to ask, while something is masked and nothing is shown. */
export function RevealButton({ reveal }: { readonly reveal: Reveal }) {
  return <Button onClick={reveal.ask}><Icon name="eye" />Show what is masked…</Button>;
}

/** Says that values are in clear. @param isCard stands among cards that scroll, instead of above them. */
export function RevealedBar({ reveal, isCard = false }: { readonly reveal: Reveal; readonly isCard?: boolean }) {
  if (!reveal.parts) return null;
  return (
    <div role="status" className={`flex flex-wrap items-center gap-x-3 gap-y-1 border-warn/40 bg-warn-soft px-3 py-1.5 text-sm text-warn ${isCard ? "sticky top-0 z-10 rounded-lg border" : "border-b"}`}>
      <Icon name="eye" />
      <span className="flex-1">Personal values are in clear, for a minute. It is in the journal that you looked.</span>
      <Button onClick={reveal.hide}><Icon name="lock" />Hide them</Button>
    </div>
  );
}
