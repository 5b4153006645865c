// How full a part is.

import { size } from "../../lib/formatting.ts";

/** From this share on the SDK warns. Source: P9. */
const WARNING = 0.8;

export function SizeBar({ bytes, maxBytes }: { readonly bytes: number; readonly maxBytes: number | null }) {
  if (maxBytes === null) return <span className="text-2xs text-ink-3">{size(bytes)}</span>;
  const share = Math.min(1, bytes / maxBytes);
  const isFull = share >= WARNING;
  return (
    <span className={`inline-flex items-center gap-2 text-2xs ${isFull ? "font-medium text-warn" : "text-ink-3"}`}>
      <meter aria-label="Size" className="sr-only" min={0} max={maxBytes} high={maxBytes * WARNING} value={bytes}>{size(bytes)} of {size(maxBytes)}</meter>
      <span aria-hidden="true" className="h-1 w-16 overflow-hidden rounded-full bg-line">
        <span className={`block h-full rounded-full ${isFull ? "bg-warn" : "bg-ink-3"}`} style={{ width: `${Math.max(2, share * 100)}%` }} />
      </span>
      <span>{size(bytes)} of {size(maxBytes)}{isFull ? ` · ${Math.round(share * 100)} % full: a commit that makes it larger is refused` : ""}</span>
    </span>
  );
}
