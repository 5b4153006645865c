// What is pressed.

import type { ComponentProps, ReactNode } from "react";

type Look = "plain" | "quiet" | "accent" | "bad";

const LOOKS: Readonly<Record<Look, string>> = {
  plain: "border border-edge/50 bg-pane text-ink hover:bg-hover",
  quiet: "text-ink-2 hover:bg-hover hover:text-ink",
  accent: "bg-accent-fill text-on-accent hover:brightness-110",
  bad: "border border-bad/50 text-bad hover:bg-bad-soft",
};

/** A button with a text. */
export function Button({ look = "plain", isSmall = false, className = "", ...rest }: ComponentProps<"button"> & { readonly look?: Look; readonly isSmall?: boolean }) {
  return <button type="button" {...rest} className={`inline-flex shrink-0 items-center gap-1.5 rounded-md font-medium whitespace-nowrap disabled:cursor-not-allowed disabled:opacity-50 ${isSmall ? "h-6 px-2 text-xs" : "h-7 px-2.5 text-sm"} ${LOOKS[look]} ${className}`} />;
}

/** A button that is only a sign: `label` is what it is called. */
export function IconButton({ label, look = "quiet", isSmall = false, className = "", children, ...rest }: Omit<ComponentProps<"button">, "aria-label" | "title"> & { readonly label: string; readonly look?: Look; readonly isSmall?: boolean; readonly children: ReactNode }) {
  return (
    <button type="button" {...rest} aria-label={label} title={label} className={`inline-flex ${isSmall ? "size-5.5" : "size-7"} shrink-0 items-center justify-center rounded-md disabled:cursor-not-allowed disabled:opacity-50 ${LOOKS[look]} ${className}`}>
      {children}
    </button>
  );
}
