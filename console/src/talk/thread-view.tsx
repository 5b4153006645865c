// The thread of a talk, its newest line in sight unless somebody reads further up.

import { useEffect, useLayoutEffect, useRef, useState } from "react";

import { Button } from "../kit/button.tsx";
import { Icon } from "../kit/icon.tsx";
import { useConversation } from "../lib/conversation-context.tsx";
import { moment } from "../lib/formatting.ts";
import { trouble, type ThreadItem } from "./thread.ts";
import { callName } from "./use-talk.ts";

/** Items that are shown before somebody asks for more. */
const FIRST = 150;

interface ThreadProps {
  readonly thread: readonly ThreadItem[];
  readonly isTurn: boolean;
  readonly tool: string | null;
  readonly isLive: boolean;
}

export function ThreadView({ thread, isTurn, tool, isLive }: ThreadProps) {
  const [most, setMost] = useState(FIRST);
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const top = useRef(0);
  const shown = thread.slice(-most);
  useLayoutEffect(() => {
    if (isAtEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [thread, isTurn]);
  useEffect(() => {
    const watched = box.current;
    if (!watched) return undefined;
    const observer = new ResizeObserver(() => {
      if (isAtEnd.current) watched.scrollTop = watched.scrollHeight;
    });
    observer.observe(watched);
    return () => observer.disconnect();
  }, []);
  const onScroll = () => {
    if (!box.current) return;
    const { scrollHeight, scrollTop, clientHeight } = box.current;
    const isNear = scrollHeight - scrollTop - clientHeight < 40;
    // The event comes after the move: something may have been said by then, and nobody read further up.
    if (isNear || scrollTop < top.current) isAtEnd.current = isNear;
    top.current = scrollTop;
  };
  return (
    <div ref={box} onScroll={onScroll} role="log" aria-label="What was said" aria-live="polite" tabIndex={0} className="flex min-h-0 flex-1 flex-col gap-1.5 overflow-y-auto overscroll-contain px-3 py-3 outline-offset-[-2px]">
      {thread.length > shown.length ? <Button look="quiet" className="self-center" onClick={() => setMost(most + 500)}>Show what came before</Button> : null}
      {thread.length === 0 ? <p className="m-auto max-w-56 text-center text-ink-3">{isLive ? "Nothing was said yet. Say something, or choose what to say below." : "What was said is kept only as long as the call lasts."}</p> : null}
      {shown.map((item) => <Item key={item.key} item={item} />)}
      {isTurn ? <Busy tool={tool} /> : null}
    </div>
  );
}

function Item({ item }: { readonly item: ThreadItem }) {
  if (item.kind === "call") return <CallChip item={item} />;
  if (item.kind === "pending") return <p className="ml-8 self-end rounded-lg rounded-br-sm bg-chosen px-2.5 py-1.5 break-words whitespace-pre-wrap text-ink-2">{item.text}</p>;
  const { by, text, at, isInterrupted } = item.line;
  const isCaller = by === "caller";
  return (
    <p title={moment(Date.parse(at))} className={`max-w-full rounded-lg px-2.5 py-1.5 break-words whitespace-pre-wrap ${isCaller ? "ml-8 self-end rounded-br-sm bg-chosen" : "mr-8 self-start rounded-bl-sm bg-sunk"}`}>
      <span className="sr-only">{isCaller ? "Caller: " : "Agent: "}</span>
      {text}
      {isInterrupted ? <span className="ml-1.5 text-xs text-ink-3">- interrupted</span> : null}
    </p>
  );
}

/** A tool call, as a link to its entry in the timeline; with the reason when it did not do what was asked. */
function CallChip({ item: { entry } }: { readonly item: ThreadItem & { readonly kind: "call" } }) {
  const { open } = useConversation();
  const problem = trouble(entry);
  const tone = problem === null ? "text-ink-3 hover:bg-hover hover:text-ink" : entry.outcome === "failed" || entry.outcome === "timeout" || problem.word === "locked out" ? "bg-bad-soft text-bad hover:brightness-95" : "bg-warn-soft text-warn hover:brightness-95";
  return (
    <button type="button" onClick={() => open("timeline", entry.version)} title="Show it in the timeline" className={`inline-flex max-w-full items-center gap-1.5 self-start rounded-md px-2 py-0.5 text-left text-xs ${tone}`}>
      <Icon name={problem ? "help" : "check"} className="size-3" />
      <span className="shrink-0 font-mono">{callName(entry)}</span>
      {problem ? <span className="truncate">{problem.word}{problem.why ? `: ${problem.why}` : ""}</span> : null}
      {problem ? <span className="shrink-0 underline underline-offset-2">why?</span> : null}
    </button>
  );
}

function Busy({ tool }: { readonly tool: string | null }) {
  return (
    <p className="mr-8 inline-flex items-center gap-2 self-start rounded-lg rounded-bl-sm bg-sunk px-2.5 py-1.5 text-ink-3">
      <span aria-hidden="true" className="inline-flex gap-1">
        {[0, 1, 2].map((dot) => <span key={dot} className={`size-1.5 animate-pulse rounded-full bg-ink-3 ${["", "[animation-delay:150ms]", "[animation-delay:300ms]"][dot]}`} />)}
      </span>
      <span className="text-xs">{tool === null ? <span className="sr-only">The agent thinks</span> : <>runs <span className="font-mono">{tool}</span></>}</span>
    </p>
  );
}
