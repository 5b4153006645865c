// A value as a tree: opened and closed, walked with the keys, changed in place.
//
//   VT1. One stop for Tab; arrows walk, Left and Right close and open, Enter, F2 or a
//   double-click edits, Delete removes.
//   VT2. A row that changed says so in a word and shows what it was before, not in its colour alone.
//   VT3. Only rows that are open are drawn; a long list shows its first ones.

import { memo, useCallback, useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from "react";

import type { MaskPath } from "../../../../src/base/marks.ts";
import { NO_MOMENTS, type Moments } from "../logic/moments.ts";
import { isContainer, shownOf } from "../logic/shown-value.ts";
import { FIRST_CHILDREN, rowsOf, type TreeRow, type ValueRow } from "../logic/tree-rows.ts";
import { NO_CHANGES, type ChangeIndex } from "../logic/value-changes.ts";
import type { TreeEditing } from "./editing.ts";
import { LeafText } from "./leaf-text.tsx";
import { RowEditor, useTreeEdit, type TreeEdit } from "./tree-edit.tsx";
import { MoreLine, RemovedLine, ValueLine } from "./tree-line.tsx";

export interface ValueTreeProps {
  /** What the tree is called: "state". */
  readonly label: string;
  readonly value: unknown;
  readonly masks?: readonly MaskPath[];
  /** Whether masked places are in clear. */
  readonly isRevealed?: boolean;
  readonly changes?: ChangeIndex;
  /** Places whose numbers are moments. */
  readonly moments?: Moments;
  /** Absent: it is only read. */
  readonly editing?: TreeEditing | undefined;
}

/** A tree of a value. */
export const ValueTree = memo(function ValueTree({ label, value, masks, isRevealed = false, changes = NO_CHANGES, moments = NO_MOMENTS, editing }: ValueTreeProps) {
  const { view, toggle, showMore } = useOpened();
  const rows = useMemo(() => rowsOf(value, view, masks, changes, moments), [value, view, masks, changes, moments]);
  const edit = useTreeEdit(value, editing);
  const [activeKey, setActive] = useState<string | null>(null);
  const id = useId();
  const tree = useRef<HTMLDivElement>(null);
  useFocusBack(tree, (edit?.current ?? null) !== null);
  const activeIndex = Math.max(0, rows.findIndex(({ key }) => key === activeKey));
  const activate = useCallback((key: string) => setActive(key), []);
  const go = (index: number) => {
    const next = Math.min(rows.length - 1, Math.max(0, index));
    if (!rows[next]) return;
    setActive(rows[next].key);
    document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: "nearest" });
  };
  const keys = (event: KeyboardEvent) => {
    if (event.target !== tree.current) return;
    const isTaken = walk(event, { rows, activeIndex, go, toggle, showMore, edit });
    if (isTaken) event.preventDefault();
  };
  return (
    <>
      {rows.length === 0 ? <p className="px-1.5 py-0.5 font-mono text-xs"><LeafText node={shownOf(value)} /></p> : null}
      <div ref={tree} hidden={rows.length === 0} role="tree" aria-label={label} tabIndex={0} aria-activedescendant={rows[activeIndex] ? `${id}-${activeIndex}` : undefined} onKeyDown={keys} className="group/tree rounded-md py-1 font-mono text-xs focus-visible:outline-offset-0">
        {rows.map((row, index) => (
          <Row key={row.key} id={`${id}-${index}`} row={row} isActive={index === activeIndex} isRevealed={isRevealed} edit={edit} onToggle={toggle} onMore={showMore} onActive={activate} />
        ))}
      </div>
      {edit && !edit.current && isContainer(shownOf(value)) ? <button type="button" onClick={() => edit.begin({ key: "[]", steps: [], raw: value }, "value")} className="mb-1 ml-5 text-2xs text-ink-3 underline underline-offset-2 hover:text-ink">Edit all of {label} as JSON</button> : null}
      {edit?.root && edit.current ? <RowEditor edit={edit} label={label} /> : null}
    </>
  );
});

/** Who edited goes on walking from there. */
function useFocusBack(tree: React.RefObject<HTMLDivElement | null>, isEditing: boolean): void {
  const was = useRef(false);
  useEffect(() => {
    if (was.current && !isEditing) tree.current?.focus({ preventScroll: true });
    was.current = isEditing;
  }, [tree, isEditing]);
}

function useOpened() {
  const [opened, setOpened] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [limits, setLimits] = useState<ReadonlyMap<string, number>>(new Map());
  const view = useMemo(() => ({ opened, limits }), [opened, limits]);
  const toggle = useCallback((key: string, isOpen: boolean) => setOpened((before) => new Map(before).set(key, isOpen)), []);
  const showMore = useCallback((key: string) => setLimits((before) => new Map(before).set(key, (before.get(key) ?? FIRST_CHILDREN) + 4 * FIRST_CHILDREN)), []);
  return { view, toggle, showMore };
}

interface Walked {
  readonly rows: readonly TreeRow[];
  readonly activeIndex: number;
  readonly go: (index: number) => void;
  readonly toggle: (key: string, isOpen: boolean) => void;
  readonly showMore: (key: string) => void;
  readonly edit: TreeEdit | undefined;
}

/** VT1. Whether the key meant something. */
function walk(event: KeyboardEvent, { rows, activeIndex, go, toggle, showMore, edit }: Walked): boolean {
  const row = rows[activeIndex];
  if (!row || event.ctrlKey || event.metaKey || event.altKey) return false;
  switch (event.key) {
    case "ArrowDown":
      return done(go(activeIndex + 1));
    case "ArrowUp":
      return done(go(activeIndex - 1));
    case "Home":
      return done(go(0));
    case "End":
      return done(go(rows.length - 1));
    case "ArrowRight":
      if (row.kind === "value" && isContainer(row.node) && !row.isOpen) return done(toggle(row.key, true));
      return done(go(activeIndex + 1));
    case "ArrowLeft":
      if (row.kind === "value" && row.isOpen) return done(toggle(row.key, false));
      return done(go(rows.findLastIndex((each, index) => index < activeIndex && each.depth < row.depth)));
    case "Enter":
    case "F2":
      if (row.kind === "more") return done(showMore(row.parentKey));
      return row.kind === "value" && edit?.canEdit(row) === true && done(edit.begin(row, "value"));
    case "Delete":
      return row.kind === "value" && edit?.canEdit(row) === true && row.steps.length > 0 && done(edit.begin(row, "remove"));
    default:
      return false;
  }
}

function done(_did: void): true {
  return true;
}

interface RowProps {
  readonly id: string;
  readonly row: TreeRow;
  readonly isActive: boolean;
  readonly isRevealed: boolean;
  readonly edit: TreeEdit | undefined;
  readonly onToggle: (key: string, isOpen: boolean) => void;
  readonly onMore: (key: string) => void;
  readonly onActive: (key: string) => void;
}

const ACTIVE = "group-focus/tree:outline-2 group-focus/tree:-outline-offset-2 group-focus/tree:outline-accent";

function Row({ id, row, isActive, isRevealed, edit, onToggle, onMore, onActive }: RowProps) {
  const look = `relative flex min-h-6 items-start gap-1 rounded-sm pr-2 ${isActive ? ACTIVE : ""}`;
  // A level is drawn as space: set as a property, which the policy allows, not as a text.
  const style = { paddingLeft: `${0.25 + row.depth * 1}rem` };
  if (row.kind === "more") return <MoreLine id={id} row={row} look={look} style={style} onMore={onMore} />;
  if (row.kind === "removed") return <RemovedLine id={id} row={row} look={look} style={style} />;
  const isEdited = edit?.current?.key === row.key;
  const canOpen = isContainer(row.node) && row.position >= 0;
  // In a container a double-click opens and closes it, and a click into an editor is the editor's.
  const editLeaf = () => edit && !edit.current && !isContainer(row.node) && edit.canEdit(row) && edit.begin(row, "value");
  return (
    <div id={id} role="treeitem" aria-level={row.depth + 1} aria-posinset={row.position} aria-setsize={row.setSize} aria-expanded={canOpen ? row.isOpen : undefined} aria-selected={isActive} style={style} onClick={() => onActive(row.key)} onDoubleClick={editLeaf} className={`group/row ${look} ${changeLook(row)}`}>
      {isEdited && edit.current?.mode === "value" ? <LabelledEditor row={row} edit={edit} /> : <ValueLine row={row} isRevealed={isRevealed} edit={edit} onToggle={onToggle} />}
      {isEdited && edit.current?.mode !== "value" ? <LabelledEditor row={row} edit={edit} isBelow /> : null}
    </div>
  );
}

function LabelledEditor({ row, edit, isBelow = false }: { readonly row: ValueRow; readonly edit: TreeEdit; readonly isBelow?: boolean }) {
  return (
    <div className={isBelow ? "absolute top-6 right-2 left-8 z-10 rounded-lg border border-line bg-float p-2 shadow-lg" : "w-full"}>
      {edit.current?.mode === "remove" ? null : <span className="text-ink-2">{row.label}</span>}
      <RowEditor edit={edit} label={row.label ?? "value"} />
    </div>
  );
}

/** VT2. */
function changeLook({ change, isInNew }: ValueRow): string {
  if (!change) return isInNew ? "bg-good-soft/50 hover:bg-hover" : "hover:bg-hover";
  return change.kind === "added" ? "bg-good-soft" : "bg-warn-soft";
}
