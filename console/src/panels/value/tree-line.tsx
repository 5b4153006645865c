// The lines of a tree: a value, what is not shown yet, and what is gone.

import type { CSSProperties } from "react";

import { Ago } from "../../kit/ago.tsx";
import { IconButton } from "../../kit/button.tsx";
import { Icon } from "../../kit/icon.tsx";
import { moment } from "../../lib/formatting.ts";
import { isContainer, MASKED, previewOf, shownOf, sizeOf, type Shown } from "../logic/shown-value.ts";
import type { MoreRow, RemovedRow, ValueRow } from "../logic/tree-rows.ts";
import type { Change } from "../logic/change.ts";
import { LeafText, MaskedChip } from "./leaf-text.tsx";
import type { TreeEdit } from "./tree-edit.tsx";

interface LineProps {
  readonly id: string;
  readonly look: string;
  readonly style: CSSProperties;
}

/** A value in its row. */
export function ValueLine({ row, isRevealed, edit, onToggle }: { readonly row: ValueRow; readonly isRevealed: boolean; readonly edit: TreeEdit | undefined; readonly onToggle: (key: string, isOpen: boolean) => void }) {
  const { node, label, isOpen } = row;
  const canOpen = isContainer(node) && sizeOf(node) > 0;
  return (
    <>
      <span className="flex h-6 w-4 shrink-0 items-center">
        {canOpen ? (
          <button type="button" tabIndex={-1} aria-hidden="true" onClick={() => onToggle(row.key, !isOpen)} className="rounded-sm text-ink-3 hover:text-ink">
            <Icon name="right" className={`size-3.5 transition-transform ${isOpen ? "rotate-90" : ""}`} />
          </button>
        ) : null}
      </span>
      <span className="flex min-w-0 flex-1 flex-wrap items-baseline gap-x-2 py-0.5 leading-5">
        {label === undefined ? null : (
          <span className={`shrink-0 ${row.isPosition ? "text-ink-3" : "text-ink-2"} ${canOpen ? "cursor-pointer" : ""}`} onClick={() => canOpen && onToggle(row.key, !isOpen)}>
            {label}
            <span className="text-ink-3">:</span>
          </span>
        )}
        {canOpen ? <ContainerText node={node} isOpen={isOpen} raw={row.raw} /> : row.isMoment ? <MomentText ms={Number(row.raw)} /> : <LeafText node={node} />}
        {row.isPersonal && isRevealed ? <span className="font-sans text-2xs font-medium text-warn">in clear</span> : null}
        <ChangeText change={row.change} isOpen={isOpen} isMoment={row.isMoment} />
        {row.holdsChange && !isOpen ? <span className="font-sans text-2xs font-medium text-warn">changed inside</span> : null}
      </span>
      {edit?.canEdit(row) === true ? <LineButtons row={row} edit={edit} /> : null}
    </>
  );
}

function ContainerText({ node, isOpen, raw }: { readonly node: Shown; readonly isOpen: boolean; readonly raw: unknown }) {
  const size = sizeOf(node);
  const kind = { list: size === 1 ? "item" : "items", set: size === 1 ? "item" : "items", object: size === 1 ? "field" : "fields", map: size === 1 ? "entry" : "entries" }[node.kind as "list"];
  const name = node.kind === "map" ? "Map" : node.kind === "set" ? "Set" : undefined;
  return (
    <span className="min-w-0 text-ink-3">
      {name === undefined ? null : <span className="mr-1.5 rounded-sm bg-sunk px-1 font-sans text-2xs">{name}</span>}
      <span className="font-sans text-2xs">{size} {kind}</span>
      {isOpen ? null : <span className="ml-2 break-words">{previewOf(raw, 80)}</span>}
    </span>
  );
}

/** `isOpen`: what changed is said by the rows below. */
function ChangeText({ change, isOpen, isMoment }: { readonly change: Change | undefined; readonly isOpen: boolean; readonly isMoment: boolean }) {
  if (!change || change.kind === "removed") return null;
  if (change.kind === "added") return <span className="font-sans text-2xs font-medium text-good">new</span>;
  return (
    <span className="min-w-0 font-sans text-2xs font-medium text-warn">
      changed
      {change.isBeforeKnown && change.before !== MASKED && !isOpen ? <> from <del className="font-mono font-normal break-words text-ink-3">{isMoment ? momentText(change.before) : previewOf(change.before, 60)}</del></> : null}
    </span>
  );
}

function LineButtons({ row, edit }: { readonly row: ValueRow; readonly edit: TreeEdit }) {
  const name = row.label ?? "the value";
  const { kind } = row.node;
  const button = "size-6";
  return (
    <span className="invisible flex shrink-0 font-sans group-hover/row:visible group-focus-within/row:visible [@media(hover:none)]:visible">
      {kind === "list" ? <IconButton label={`Add an item to ${name}`} className={button} onClick={() => edit.begin(row, "append")}><Icon name="plus" /></IconButton> : null}
      {kind === "object" ? <IconButton label={`Add a field to ${name}`} className={button} onClick={() => edit.begin(row, "field")}><Icon name="plus" /></IconButton> : null}
      <IconButton label={`Edit ${name}`} className={button} onClick={() => edit.begin(row, "value")}><Icon name="pencil" /></IconButton>
      {row.steps.length > 0 ? <IconButton label={`Remove ${name}`} className={button} onClick={() => edit.begin(row, "remove")}><Icon name="trash" /></IconButton> : null}
    </span>
  );
}

/** That there is more. */
export function MoreLine({ id, row, look, style, onMore }: LineProps & { readonly row: MoreRow; readonly onMore: (key: string) => void }) {
  return (
    <div id={id} role="treeitem" aria-level={row.depth + 1} aria-selected={false} style={style} className={look}>
      <button type="button" tabIndex={-1} onClick={() => onMore(row.parentKey)} className="ml-5 font-sans text-xs text-accent underline underline-offset-2">
        Show more ({row.hidden.toLocaleString("en")} hidden)
      </button>
    </div>
  );
}

/** What is not there any more. */
export function RemovedLine({ id, row, look, style }: LineProps & { readonly row: RemovedRow }) {
  const { before, isBeforeKnown } = row.change;
  return (
    <div id={id} role="treeitem" aria-level={row.depth + 1} aria-selected={false} style={style} className={`${look} bg-bad-soft`}>
      <span className="ml-5 flex min-w-0 flex-wrap items-baseline gap-x-2 py-0.5 leading-5">
        <del className="text-ink-2">{row.label}</del>
        {isBeforeKnown ? before === MASKED ? <MaskedChip /> : <del className="min-w-0 break-words text-ink-3">{previewOf(before, 80)}</del> : null}
        <span className="font-sans text-2xs font-medium text-bad">removed</span>
      </span>
    </div>
  );
}

/** A value in one line that is no tree, such as in a list of changes. */
export function InlineValue({ raw, isMoment = false }: { readonly raw: unknown; readonly isMoment?: boolean }) {
  if (isMoment) return <span className="min-w-0 font-mono text-xs">{momentText(raw)}</span>;
  const node = shownOf(raw, true);
  if (node.kind === "masked") return <MaskedChip />;
  return <span className="min-w-0 font-mono text-xs break-words [overflow-wrap:anywhere]">{previewOf(raw)}</span>;
}

function momentText(raw: unknown): string {
  return typeof raw === "number" ? moment(raw) : previewOf(raw, 60);
}

/** A moment, and how long ago it was. */
function MomentText({ ms }: { readonly ms: number }) {
  return <span><span className="text-note">{moment(ms)}</span> <Ago atMs={ms} isSentence className="font-sans text-2xs text-ink-3" /></span>;
}
