// The talk of the open conversation: its thread, its line, and what one can do.

import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import type { AgentView, TimelineEntry } from "../../../src/inspector/api.ts";
import { useConversation } from "../lib/conversation-context.tsx";
import { useInspector } from "../lib/inspector-context.tsx";
import type { Readable } from "../lib/store.ts";
import { useStore } from "../lib/use-store.ts";
import type { LineState, RelayCall } from "./relay-call.ts";
import { Voice } from "./speech.ts";
import { TalkSource, type TalkState } from "./talk-source.ts";
import { useLine, useLineState } from "./use-line.ts";
import { hiddenDigits, isTold, stillPending, threadOf, type ThreadItem } from "./thread.ts";

const NO_TALK: TalkState = { lines: [], isTurn: false, tool: null };
const NO_STATE: Readable<TalkState> = { get: () => NO_TALK, subscribe: () => () => undefined };

const ON_LINE: ReadonlySet<LineState["state"]> = new Set(["connecting", "open", "lost"]);

export interface Talk extends TalkState {
  readonly thread: readonly ThreadItem[];
  /** Whether somebody can speak in it. */
  readonly isLive: boolean;
  readonly agent: AgentView | undefined;
  readonly line: LineState;
  readonly say: (text: string) => void;
  readonly press: (digit: string) => void;
  /** Somebody begins to speak: what is being said is cut off. Does nothing while nothing is. */
  readonly bargeIn: () => void;
  readonly hangUp: () => void;
}

export function useTalk(): Talk {
  const { conversationId, timeline, view, agents } = useConversation();
  const lineState = useLineState(conversationId);
  // A server that cannot look into conversations leaves it to the line.
  const isLive = view.value ? view.value.status === "live" : ON_LINE.has(lineState.state);
  const source = useTalkSource(conversationId, isLive);
  const state = useStore(source?.state ?? NO_STATE);
  const line = useLine(conversationId, view.value?.agentId ?? null, view.value?.status === "live");
  const agent = agents.find(({ agentId }) => agentId === (view.value?.agentId ?? line?.agentId));
  const voice = useVoice(line, source);
  const callerLines = state.lines.filter(({ by }) => by === "caller").length;
  const [pending, addPending] = usePending(callerLines);
  const hasSecrets = agent?.tools.some(({ secrets }) => secrets.length > 0) ?? true;
  const told = useMemo(() => timeline.entries.filter(isTold), [timeline.entries]);
  const thread = useMemo(() => threadOf(state.lines, told, pending), [state.lines, told, pending]);
  const bargeIn = useCallback(() => {
    const heard = voice.cut();
    // Without a voice, all that is on the page was heard.
    if (line && (heard !== null || line.utterance !== "")) line.interrupt(heard ?? line.utterance);
  }, [line, voice]);
  const say = useCallback((text: string) => {
    bargeIn();
    line?.say(text);
    addPending(hiddenDigits(text, hasSecrets));
  }, [line, bargeIn, addPending, hasSecrets]);
  const press = useCallback((digit: string) => {
    bargeIn();
    line?.press(digit);
  }, [line, bargeIn]);
  const hangUp = useCallback(() => {
    voice.cut();
    line?.hangUp();
  }, [line, voice]);
  return { ...state, thread, isLive, agent, line: lineState, say, press, bargeIn, hangUp };
}

/** Which call of a thread an entry is: for links into the timeline. */
export function callName({ name, unit }: TimelineEntry): string {
  return unit === "deadline" ? `${name} ran out` : name;
}

function useTalkSource(conversationId: string, isLive: boolean): TalkSource | null {
  const { api, onEvent } = useInspector();
  const [current, setCurrent] = useState<{ readonly id: string; readonly source: TalkSource } | null>(null);
  useEffect(() => {
    const source = new TalkSource(api, conversationId);
    setCurrent({ id: conversationId, source });
    return source.start(onEvent);
  }, [api, conversationId, onEvent]);
  const source = current?.id === conversationId ? current.source : null;
  useEffect(() => source?.setLive(isLive), [source, isLive]);
  return source;
}

function useVoice(line: RelayCall | null, source: TalkSource | null): Voice {
  const [voice] = useState(() => new Voice());
  useEffect(() => {
    if (!line) return undefined;
    const text = (token: string, isLast: boolean) => {
      voice.text(token, isLast);
      if (isLast) source?.poke();
    };
    line.listener = { text, over: () => void voice.cut() };
    return () => {
      line.listener = undefined;
      voice.cut();
    };
  }, [line, voice, source]);
  return voice;
}

/** What was said and is not in the transcript yet. */
function usePending(callerLines: number): readonly [readonly string[], (text: string) => void] {
  const [pending, setPending] = useState<readonly string[]>([]);
  const before = useRef(callerLines);
  useEffect(() => {
    const known = before.current;
    before.current = callerLines;
    if (callerLines > known) setPending((now) => stillPending(now, callerLines, known));
  }, [callerLines]);
  const add = useCallback((text: string) => setPending((now) => [...now, text]), []);
  return [pending, add];
}
