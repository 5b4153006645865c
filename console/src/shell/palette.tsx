// Everything by a few letters: conversations, panels, pages, commands.

import { useEffect, useId, useMemo, useState, type KeyboardEvent } from "react";

import { Dialog } from "../kit/dialog.tsx";
import { Icon } from "../kit/icon.tsx";
import { Kbd } from "../kit/kbd.tsx";
import { useInspector } from "../lib/inspector-context.tsx";
import { go } from "../lib/navigation.ts";
import { matching, type Command } from "./commands.ts";

const MOST = 60;

export function Palette({ commands, onClose }: { readonly commands: readonly Command[]; readonly onClose: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const list = useId();
  const found = useFound(text);
  const shown = useMemo(() => [...matching(commands, text), ...found].slice(0, MOST), [commands, text, found]);
  const chosen = Math.min(at, shown.length - 1);
  useEffect(() => {
    // Browsers answer with a promise, which React would take for what to do at the end.
    document.getElementById(`${list}-${chosen}`)?.scrollIntoView({ block: "nearest" });
  }, [chosen, list]);
  const choose = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    command.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setAt((chosen + step + shown.length) % Math.max(1, shown.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(shown[chosen]);
    }
  };
  return (
    <Dialog title="Search or jump to" isBare onClose={onClose} className="mt-[12vh] max-w-xl overflow-hidden">
      <div className="flex items-center gap-2 border-b border-line px-3">
        <Icon name="search" className="text-ink-3" />
        <input
          autoFocus value={text} onKeyDown={onKeyDown} role="combobox" aria-expanded="true" aria-controls={list} aria-activedescendant={chosen >= 0 ? `${list}-${chosen}` : undefined} aria-label="Search or jump to" placeholder="A conversation, a panel, a command…" spellCheck={false}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          className="h-11 flex-1 bg-transparent text-base outline-none"
        />
        <Kbd keys="Escape" />
      </div>
      <div id={list} role="listbox" aria-label="Results" className="max-h-[50vh] overflow-y-auto p-1.5">
        {shown.map((command, index) => (
          <div
            key={command.id} id={`${list}-${index}`} role="option" aria-selected={index === chosen} onMouseMove={() => setAt(index)} onClick={() => choose(command)}
            className="flex h-8 items-center gap-2 rounded-md px-2 aria-selected:bg-chosen"
          >
            <span className="truncate">{command.title}</span>
            <span className="truncate text-xs text-ink-3">{command.hint}</span>
            <span className="ml-auto shrink-0 text-xs text-ink-3">{command.keys ? <Kbd keys={command.keys} /> : command.group}</span>
          </div>
        ))}
        {shown.length === 0 ? <p className="px-2 py-6 text-center text-ink-3">Nothing is called like this.</p> : null}
      </div>
    </Dialog>
  );
}

/** Conversations whose id has the text. */
function useFound(text: string): readonly Command[] {
  const { api } = useInspector();
  const [found, setFound] = useState<readonly Command[]>([]);
  useEffect(() => {
    const abort = new AbortController();
    const find = async () => {
      const page = await api.conversations({ search: text.trim(), limit: 12 }, abort.signal).catch(() => undefined);
      if (!page || abort.signal.aborted) return;
      setFound(page.items.map(({ conversationId, agentId, status }) => ({ id: `c/${conversationId}`, title: conversationId, hint: `${agentId ?? "no agent"} · ${status}`, group: "Conversation", run: () => go({ page: "conversation", conversationId, panel: "", version: null }) })));
    };
    const timer = setTimeout(() => void find(), 120);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [api, text]);
  return found;
}
