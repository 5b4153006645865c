// One value that holds no other, as text. A text is always text: nothing of it is read as markup.

import { useState } from "react";

import { Chip } from "../../kit/chip.tsx";
import { moment, size } from "../../lib/formatting.ts";
import { Icon } from "../../kit/icon.tsx";
import { isoOf, type Shown } from "../logic/shown-value.ts";

/** Of a longer text only this much is drawn until somebody asks, and at most that much then, characters. */
const FIRST = 400;
const MOST = 100_000;

/** A leaf, or a container that holds nothing. */
export function LeafText({ node }: { readonly node: Shown }) {
  switch (node.kind) {
    case "text":
      return <TextLeaf text={node.text} />;
    case "number":
      return <span className="text-accent">{node.text}</span>;
    case "bigint":
      return <Tagged kind="bigint"><span className="break-all text-accent">{node.text}</span></Tagged>;
    case "truth":
      return <span className="text-accent">{String(node.isTrue)}</span>;
    case "date":
      return <Tagged kind="Date"><time dateTime={isoOf(node.ms)} title={isoOf(node.ms)} className="text-note">{moment(node.ms)}</time></Tagged>;
    case "bytes":
      return <Tagged kind="bytes"><span className="break-all text-note">{hexOf(node.base64)} <span className="text-ink-3">({size(node.length)})</span></span></Tagged>;
    case "masked":
      return <MaskedChip />;
    case "list":
      return <span className="text-ink-3">[] empty list</span>;
    case "object":
      return <span className="text-ink-3">{"{}"} no fields</span>;
    case "map":
    case "set":
      return <Tagged kind={node.kind === "map" ? "Map" : "Set"}><span className="text-ink-3">empty</span></Tagged>;
    default:
      return <span className="text-ink-3 italic">{node.kind}</span>;
  }
}

/** That something is there which is not shown. */
export function MaskedChip() {
  return (
    <span className="self-center font-sans">
      <Chip title="Marked as personal or secret. It is there, but it is not shown.">
        <Icon name="lock" className="size-3" />
        masked
      </Chip>
    </span>
  );
}

/** A value with the name of its kind: what JSON has no word for. */
export function Tagged({ kind, children }: { readonly kind: string; readonly children: React.ReactNode }) {
  return (
    <span className="inline-flex min-w-0 items-baseline gap-1.5">
      <span className="shrink-0 rounded-sm bg-sunk px-1 font-sans text-2xs text-ink-3">{kind}</span>
      {children}
    </span>
  );
}

function TextLeaf({ text }: { readonly text: string }) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? text.slice(0, MOST) : text.slice(0, FIRST);
  return (
    <span className="min-w-0 break-words whitespace-pre-wrap text-ink [overflow-wrap:anywhere]">
      <span className="text-ink-3">“</span>
      {shown}
      {shown.length < text.length ? "…" : null}
      <span className="text-ink-3">”</span>
      {text.length > FIRST ? (
        <button type="button" className="ml-2 font-sans text-2xs text-accent underline underline-offset-2" onClick={(event) => { event.stopPropagation(); setWhole(!isWhole); }}>
          {isWhole ? "show less" : `show more of ${size(text.length)}`}
        </button>
      ) : null}
    </span>
  );
}

function hexOf(base64: string): string {
  const bytes = atob(base64.slice(0, 44));
  const shown = Array.from(bytes.slice(0, 16), (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join(" ");
  return bytes.length > 16 ? `${shown} …` : shown;
}
