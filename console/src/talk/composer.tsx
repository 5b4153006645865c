// The caller's mouth: words, suggestions, keys of a phone, and speech where the browser understands it.

import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";

import { IconButton } from "../kit/button.tsx";
import { Icon } from "../kit/icon.tsx";
import { useConversation } from "../lib/conversation-context.tsx";
import { useShortcuts } from "../lib/keyboard.ts";
import { Keypad } from "./keypad.tsx";
import { needlessLogins } from "./logins.ts";
import { canListen, listen } from "./recognition.ts";
import { fitting, suggestionsFor } from "./suggestions.ts";
import type { Talk } from "./use-talk.ts";

/** What the platform understands at once, characters. */
const MOST_SAID = 4_000;

export function Composer({ talk }: { readonly talk: Talk }) {
  const [text, setText] = useState("");
  const [isKeypad, setKeypad] = useState(false);
  const last = useRef("");
  const input = useRef<HTMLInputElement>(null);
  const isOnLine = talk.line.state === "open" || talk.line.state === "connecting";
  // Who began the call here is about to speak.
  useEffect(() => {
    if (isOnLine && document.activeElement === document.body) input.current?.focus();
  }, [isOnLine]);
  useShortcuts([
    { keys: "t", does: "Say something", group: "Talk", run: () => input.current?.focus() },
    { keys: "g d", does: "Phone keys", group: "Talk", run: () => setKeypad(!isKeypad) },
  ]);
  const say = (said: string) => {
    if (said.trim() === "") return;
    last.current = said.trim();
    talk.say(said.trim());
    setText("");
    input.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter") say(text);
    else if (event.key === "Escape") input.current?.blur();
    else if (event.key === "ArrowUp" && text === "") setText(last.current);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="shrink-0 border-t border-line p-2">
      <Suggestions talk={talk} onSay={say} />
      {isKeypad ? <Keypad onPress={talk.press} /> : null}
      <div className="flex items-center gap-1 rounded-md border border-edge bg-pane pr-1 pl-2.5 focus-within:outline-2 focus-within:outline-accent">
        <input
          ref={input} value={text} onKeyDown={onKeyDown} maxLength={MOST_SAID} aria-label="Say something" placeholder="Say something…" autoComplete="off" className="h-8 min-w-0 flex-1 bg-transparent outline-none"
          onChange={(event) => {
            talk.bargeIn();
            setText(event.target.value);
          }}
        />
        <Microphone onBegin={talk.bargeIn} onText={(heard, isFinal) => (isFinal ? say(heard) : setText(heard))} />
        <IconButton label="Phone keys" aria-pressed={isKeypad} onClick={() => setKeypad(!isKeypad)} className={isKeypad ? "bg-chosen text-accent!" : ""}><Icon name="keypad" /></IconButton>
        <IconButton label="Say it" look="accent" disabled={text.trim() === ""} onClick={() => say(text)}><Icon name="send" /></IconButton>
      </div>
    </div>
  );
}

/** The rows keep their height, so that the thread does not jump. */
function Suggestions({ talk, onSay }: { readonly talk: Talk; readonly onSay: (text: string) => void }) {
  const { view, timeline } = useConversation();
  const { agent } = talk;
  const sessions = view.value?.sessions;
  const needless = useMemo(() => needlessLogins(sessions ?? [], timeline.entries, agent?.tools ?? []), [sessions, timeline.entries, agent]);
  const agentSaid = talk.lines.findLast(({ by }) => by === "agent")?.text;
  const texts = agent ? suggestionsFor({ tools: agent.tools, offered: view.value?.offeredTools ?? [], needless, agentSaid, nowMs: Date.now() }) : [];
  return (
    <div role="group" aria-label="Suggestions" className="mb-2 flex h-[3.625rem] flex-wrap content-end gap-1.5 overflow-hidden">
      {fitting(texts, 48).map((text) => (
        <button key={text} type="button" onClick={() => onSay(text)} title={text} className="h-6.5 max-w-full truncate rounded-full border border-line bg-pane px-2.5 text-xs text-ink-2 hover:border-edge hover:text-ink">
          {text}
        </button>
      ))}
    </div>
  );
}

function Microphone({ onBegin, onText }: { readonly onBegin: () => void; readonly onText: (text: string, isFinal: boolean) => void }) {
  const [stop, setStop] = useState<(() => void) | null>(null);
  const [mistake, setMistake] = useState<string | null>(null);
  if (!canListen()) return null;
  const toggle = () => {
    if (stop) return stop();
    onBegin();
    setMistake(null);
    const ended = (why: string | null) => {
      setMistake(why);
      setStop(null);
    };
    const stopListening = listen(onText, ended);
    setStop(() => stopListening);
  };
  return (
    <>
      {mistake ? <span role="alert" className="truncate text-xs text-bad">{mistake}</span> : null}
      <IconButton label={stop ? "Stop listening" : "Speak (uses the network of your browser's vendor)"} aria-pressed={stop !== null} onClick={toggle} className={stop ? "bg-bad-soft text-bad!" : ""}><Icon name="mic" /></IconButton>
    </>
  );
}
