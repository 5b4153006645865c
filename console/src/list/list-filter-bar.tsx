// What narrows the list. All of it is in the address, so a narrowed list can be shared.

import { useRef } from "react";

import { IconButton } from "../kit/button.tsx";
import { Icon } from "../kit/icon.tsx";
import { Kbd } from "../kit/kbd.tsx";
import type { ListFilter } from "../lib/address.ts";
import { useInspector } from "../lib/inspector-context.tsx";
import { useShortcuts } from "../lib/keyboard.ts";
import { filterBy, place } from "../lib/navigation.ts";
import { useSelected } from "../lib/use-store.ts";
import { CustomerFilter } from "./customer-filter.tsx";

const STATUSES: readonly ListFilter["status"][] = ["all", "live", "ended"];

export function ListFilterBar() {
  const { agents } = useInspector();
  const filter = useSelected(place, (now) => now.filter);
  const search = useRef<HTMLInputElement>(null);
  useShortcuts([{ keys: "/", does: "Search conversations", group: "List", run: () => search.current?.select() }]);
  return (
    <div role="search" className="flex flex-col gap-2 border-b border-line p-2">
      <div className="flex h-7 items-center gap-1.5 rounded-md border border-edge/50 bg-pane px-2 focus-within:outline-2 focus-within:outline-accent">
        <Icon name="search" className="size-3.5 text-ink-3" />
        <input
          ref={search} value={filter.search} onChange={(event) => filterBy({ search: event.target.value })} maxLength={256} placeholder="Search by id" aria-label="Search conversations" spellCheck={false} autoComplete="off" className="min-w-0 flex-1 bg-transparent outline-none"
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            if (filter.search === "") event.currentTarget.blur();
            else filterBy({ search: "" });
            event.stopPropagation();
          }}
        />
        {filter.search === "" ? <span className="[@media(hover:none)]:hidden"><Kbd keys="/" /></span> : <IconButton label="Clear the search" isSmall onClick={() => filterBy({ search: "" })}><Icon name="close" className="size-3" /></IconButton>}
      </div>
      <div className="flex items-center gap-1.5">
        <div role="group" aria-label="Status" className="flex rounded-md bg-sunk p-0.5">
          {STATUSES.map((status) => (
            <button key={status} type="button" aria-pressed={filter.status === status} onClick={() => filterBy({ status })} className="h-6 rounded-sm px-2 text-xs font-medium text-ink-3 capitalize hover:text-ink aria-pressed:bg-pane aria-pressed:text-ink aria-pressed:shadow-xs">
              {status}
            </button>
          ))}
        </div>
        <select value={filter.agent} onChange={(event) => filterBy({ agent: event.target.value })} aria-label="Only agent" className="ml-auto h-7 min-w-0 flex-1 truncate rounded-md border border-edge/50 bg-pane px-1.5 text-xs text-ink-2">
          <option value="">All agents</option>
          {agents.map(({ agentId }) => <option key={agentId}>{agentId}</option>)}
          {filter.agent !== "" && !agents.some(({ agentId }) => agentId === filter.agent) ? <option>{filter.agent}</option> : null}
        </select>
        <CustomerFilter customer={filter.customer} />
      </div>
    </div>
  );
}
