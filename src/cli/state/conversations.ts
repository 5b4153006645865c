// Stored conversations, read: one by its id or the beginning of it, its journal, its parts.

import { encode, ENVELOPE_DEPTH, MAX_DEPTH } from "../../base/codec.ts";
import type { Masks } from "../../base/marks.ts";
import { Mask } from "../../base/mask.ts";
import { masksAt, partsAt, type Parts } from "../../state/history.ts";
import { joinedMasks, masksOfParts } from "../../state/masking.ts";
import { openRecord } from "../../state/record.ts";
import { conversationOwner, idOf, type Entry, type Loaded, type Owner, type Store } from "../../state/store.ts";
import { Failure } from "../failure.ts";
import { Shown } from "../../base/shown.ts";
import { shownBytes } from "../../base/shown-size.ts";
import { printable } from "../terminal.ts";
import { isOwnPart } from "../../state/changes.ts";

const PAGE = 1_000;
/** Matches that a message names. */
const SHOWN_MATCHES = 5;

/**
 * The conversation with this id, else the only one whose id begins with it.
 *
 * @throws {Failure} There is none, or there are several.
 */
export async function findConversation(store: Store, idOrPrefix: string): Promise<Loaded> {
  const exact = await store.load(conversationOwner(idOrPrefix));
  if (exact) return exact;
  const matches: string[] = [];
  for (let cursor: string | undefined; matches.length <= SHOWN_MATCHES; ) {
    const page = await store.list({ kind: "conversation", limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
    matches.push(...page.items.map(({ owner }) => idOf(owner)).filter((id) => id.startsWith(idOrPrefix)));
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  const only = matches.length === 1 ? await store.load(conversationOwner(matches[0]!)) : undefined;
  if (only) return only;
  const wanted = printable(idOrPrefix.slice(0, 80));
  if (matches.length <= 1) throw new Failure(`There is no conversation ${wanted} in ${store.address}.`, { remedy: "What there is: conversimple state list" });
  const named = matches.slice(0, SHOWN_MATCHES).map(printable).join(", ");
  throw new Failure(`Several conversations begin with ${wanted}: ${named}${matches.length > SHOWN_MATCHES ? ", ..." : ""}.`, { remedy: "Write more of the id." });
}

/** All kept journal entries after a version, oldest first. */
export async function journalOf(store: Store, owner: Owner, afterVersion = 0): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (;;) {
    const page = await store.history(owner, { afterVersion: entries.at(-1)?.version ?? afterVersion, limit: PAGE });
    entries.push(...page);
    if (page.length < PAGE) return entries;
  }
}

/** A conversation's parts as they are stored. */
export interface StoredParts {
  readonly version: number;
  readonly parts: Readonly<Record<string, Shown>>;
  /** For those who compare, and show nothing of it. */
  readonly clear: Parts;
  readonly masks: Masks;
  /** Schema version by part. */
  readonly schemas: Readonly<Record<string, number>>;
}

/** @throws {StateQuarantinedError} The record is damaged, or newer than this code. */
export function currentParts({ owner, version, record }: Loaded): StoredParts {
  const stored = record === null ? [] : [...openRecord(owner, version, record)];
  const schemas = Object.fromEntries(stored.map(([name, part]) => [name, part.version]));
  return { version, schemas, ...shownParts(Object.fromEntries(stored.map(([name, { data }]) => [name, data])), masksOfParts(stored)) };
}

/** What the record says that is masked: nothing when it cannot be read. */
export function currentMasks(loaded: Loaded): Masks {
  try {
    return currentParts(loaded).masks;
  } catch {
    return {};
  }
}

function shownParts(parts: Parts, masks: Masks): Pick<StoredParts, "parts" | "clear" | "masks"> {
  const own = Object.entries(parts).filter(([name]) => isOwnPart(name));
  return { parts: Object.fromEntries(own.map(([name, value]) => [name, Shown.masked(value, masks[name])])), clear: Object.fromEntries(own), masks };
}

/** How large the parts are together, for people who see them masked, or in clear. */
export function bytesOf({ clear, masks }: StoredParts, isRevealed: boolean): number {
  return Object.entries(clear).reduce((sum, [name, value]) => {
    const bytes = Buffer.byteLength(encode(value, name, undefined, MAX_DEPTH + ENVELOPE_DEPTH));
    return sum + (isRevealed ? bytes : shownBytes(value, Mask.of(masks[name]), bytes));
  }, 0);
}

/** @throws {Failure} The journal does not reach back that far, or the version is yet to come. */
export async function partsAtVersion(store: Store, loaded: Loaded, version: number): Promise<StoredParts> {
  const { owner } = loaded;
  if (version > loaded.version) throw new Failure(`The conversation is at version ${loaded.version}; there is no version ${version} yet.`);
  const entries = await journalOf(store, owner);
  const parts = partsAt(owner, entries, version);
  // What is personal by now was so then.
  if (parts) return { version, schemas: {}, ...shownParts(parts, joinedMasks(masksAt(owner, entries, version), currentMasks(loaded))) };
  throw new Failure(`The journal does not reach back to version ${version}.`, { remedy: entries[0] ? `It begins at version ${entries[0].version}.` : "It is empty." });
}
