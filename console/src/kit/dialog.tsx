// A dialog over the page: the browser's own, so that focus stays in it, Escape closes it and the page behind is inert.

import { useEffect, useId, useRef, type ReactNode } from "react";

import { IconButton } from "./button.tsx";
import { Icon } from "./icon.tsx";

/** @param title is said when it opens; `isBare` shows no heading. */
export function Dialog({ title, isBare = false, onClose, className = "", children }: { readonly title: string; readonly isBare?: boolean; readonly onClose: () => void; readonly className?: string; readonly children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const { current } = dialog;
    if (current && !current.open) {
      current.showModal();
      // The browser would choose the first button, which closes it.
      current.querySelector<HTMLElement>("[data-autofocus], input, select, textarea")?.focus();
    }
    return () => current?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === dialog.current) onClose();
      }}
      className={`m-auto w-full max-w-lg rounded-lg border border-line bg-float p-0 text-ink shadow-2xl backdrop:bg-shade max-sm:max-w-[calc(100vw-1rem)] ${className}`}
    >
      <div className={isBare ? "sr-only" : "flex items-center justify-between gap-2 border-b border-line py-2.5 pr-2 pl-4"}>
        <h2 id={heading} className="text-base font-semibold">{title}</h2>
        {isBare ? null : <IconButton label="Close" onClick={onClose}><Icon name="close" /></IconButton>}
      </div>
      {children}
    </dialog>
  );
}
