// Whose page this is.

export function Brand() {
  return (
    <span className="inline-flex items-center gap-2 font-semibold tracking-tight">
      <svg viewBox="0 0 32 32" aria-hidden="true" className="size-5">
        <rect width="32" height="32" rx="8" className="fill-accent-fill" />
        <path d="M9 12.5h14M9 17h9M9 21.5h5" className="stroke-on-accent" strokeWidth="2.6" strokeLinecap="round" fill="none" />
      </svg>
      conversimple
    </span>
  );
}
