// Tabs over a panel, with the keys that a screen reader's user expects.

import { useRef, type KeyboardEvent, type ReactNode } from "react";

export interface Tab {
  readonly id: string;
  readonly title: string;
  readonly badge?: ReactNode;
}

/** The bar. What it chooses is rendered by the caller in an element with `tabPanelProps`. */
export function Tabs({ label, tabs, chosen, onChoose }: { readonly label: string; readonly tabs: readonly Tab[]; readonly chosen: string; readonly onChoose: (id: string) => void }) {
  const bar = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const now = tabs.findIndex(({ id }) => id === chosen);
    const to = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = tabs.at(to % tabs.length)!;
    onChoose(next.id);
    bar.current?.querySelector<HTMLElement>(`[data-tab="${CSS.escape(next.id)}"]`)?.focus();
  };
  return (
    <div ref={bar} role="tablist" aria-label={label} onKeyDown={onKeyDown} className="flex h-9 shrink-0 items-stretch gap-0.5 overflow-x-auto border-b border-line px-2 [scrollbar-width:none]">
      {tabs.map(({ id, title, badge }) => (
        <button
          key={id} type="button" role="tab" id={`tab-${id}`} data-tab={id} aria-selected={id === chosen} aria-controls="tab-panel" tabIndex={id === chosen ? 0 : -1} onClick={() => onChoose(id)}
          className="relative inline-flex items-center gap-1.5 rounded-sm px-2 text-sm font-medium whitespace-nowrap text-ink-3 outline-offset-[-3px] after:absolute after:inset-x-2 after:bottom-0 after:h-0.5 after:rounded-full hover:text-ink aria-selected:text-ink aria-selected:after:bg-accent"
        >
          {title}
          {badge}
        </button>
      ))}
    </div>
  );
}

/** For the element that shows what a tab chose. */
export function tabPanelProps(chosen: string) {
  return { role: "tabpanel", id: "tab-panel", "aria-labelledby": `tab-${chosen}` } as const;
}
