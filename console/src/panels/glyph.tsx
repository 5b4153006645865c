// Small signs beside words. They say nothing that the words do not.

const PATHS = {
  chevron: "M6 4l4 4-4 4",
  pencil: "M3 13l.6-2.6L10.8 3.2a1.1 1.1 0 0 1 1.6 0l.4.4a1.1 1.1 0 0 1 0 1.6L5.6 12.4 3 13z",
  plus: "M8 3.5v9M3.5 8h9",
  cross: "M4 4l8 8M12 4l-8 8",
  lock: "M4.5 7.5h7v5h-7zM5.8 7.5V5.6a2.2 2.2 0 0 1 4.4 0v1.9",
  eye: "M1.8 8S4 4 8 4s6.2 4 6.2 4S12 12 8 12 1.8 8 1.8 8zM8 9.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.4",
  back: "M7 3.5L2.8 8 7 12.5M3 8h10.2",
  check: "M3 8.5l3.2 3.2L13 5",
  warning: "M8 2.5l6 11H2zM8 6.5v3.2M8 11.6v.2",
  up: "M4 10l4-4 4 4",
  down: "M4 6l4 4 4-4",
  trash: "M3.5 4.5h9M6.5 4.3V3h3v1.3M4.7 4.7l.6 8.3h5.4l.6-8.3",
  fork: "M5 3.2v5.3M5 8.5c0 2 6 .6 6 3.3M11 3.2v2.4c0 2-3.4 2-5.4 2.9M5 12.8v-4",
  copy: "M6 6h7v7H6zM3 10V3h7",
} as const;

export type GlyphName = keyof typeof PATHS;

/** A sign of 16 by 16. */
export function Glyph({ name, className = "" }: { readonly name: GlyphName; readonly className?: string }) {
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true" focusable="false" className={`size-4 shrink-0 fill-none stroke-current ${className}`} strokeWidth="1.4" strokeLinecap="round" strokeLinejoin="round">
      <path d={PATHS[name]} />
    </svg>
  );
}
