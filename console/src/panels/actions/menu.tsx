// A button that opens a list of things to do.
//
//   MU1. Arrows walk, Enter chooses, Escape closes and gives the focus back.

import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";

import { Button } from "../../kit/button.tsx";
import { Icon, type IconName } from "../../kit/icon.tsx";

export interface MenuItem {
  readonly id: string;
  readonly title: string;
  readonly about?: string;
  readonly glyph?: IconName;
  readonly run: () => void;
}

export function Menu({ label, items, children }: { readonly label: string; readonly items: readonly MenuItem[]; readonly children: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  const around = useRef<HTMLDivElement>(null);
  const id = useId();
  useEffect(() => {
    if (!isOpen) return undefined;
    around.current?.querySelector<HTMLElement>('[role="menuitem"]')?.focus();
    const outside = (event: PointerEvent): void => {
      if (event.target instanceof Node && !around.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [isOpen]);
  const close = (): void => {
    setOpen(false);
    around.current?.querySelector<HTMLElement>("button")?.focus();
  };
  const keys = (event: KeyboardEvent): void => {
    if (!isOpen) return;
    const all = [...(around.current?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) all.at(to % all.length)?.focus();
    else if (event.key === "Escape") close();
    else if (event.key === "Tab") setOpen(false);
    if (to !== undefined || event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  return (
    <div ref={around} className="relative" onKeyDown={keys}>
      <Button aria-label={label} aria-haspopup="menu" aria-expanded={isOpen} aria-controls={isOpen ? id : undefined} onClick={() => setOpen(!isOpen)}>{children}<Icon name="down" className="size-3" /></Button>
      {isOpen ? (
        <div id={id} role="menu" aria-label={label} className="absolute top-full right-0 z-30 mt-1 w-72 rounded-lg border border-line bg-float p-1 shadow-xl">
          {items.map((item) => (
            <button key={item.id} type="button" role="menuitem" tabIndex={-1} onClick={() => { close(); item.run(); }} className="flex w-full items-start gap-2.5 rounded-md px-2 py-1.5 text-left hover:bg-hover focus:bg-hover">
              {item.glyph ? <Icon name={item.glyph} className="mt-0.5" /> : null}
              <span className="min-w-0">
                <span className="block font-medium">{item.title}</span>
                {item.about === undefined ? null : <span className="block text-2xs text-ink-3">{item.about}</span>}
              </span>
            </button>
          ))}
        </div>
      ) : null}
    </div>
  );
}
