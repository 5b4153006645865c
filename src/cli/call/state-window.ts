// The stored state of the conversation that is being called, beside the call.
//
//   ST1. It is read from the store of the `dev` that the call goes to, else from CONVERSIMPLE_STORE; where that cannot be, it is said once and the call goes on.

import { masksAt, partsAt } from "../../state/history.ts";
import { openEntry, type JournalEntry } from "../../state/journal.ts";
import { conversationOwner, type Entry, type Owner, type Store } from "../../state/store.ts";
import { Changes, type PartChanges } from "../../state/changes.ts";
import { currentParts, journalOf, type StoredParts } from "../state/conversations.ts";
import { outcomeOf, type Outcome } from "../outcome.ts";
import { openToRead } from "../store-address.ts";

/** By call id. */
export type Outcomes = ReadonlyMap<string, Outcome>;

/** What was committed. */
export interface News {
  readonly changes: readonly PartChanges[];
  readonly outcomes: Outcomes;
}

export class StateWindow {
  readonly #store: Store;
  readonly #owner: Owner;
  readonly #changes = new Changes();
  #version = 0;

  private constructor(store: Store, owner: Owner) {
    this.#store = store;
    this.#owner = owner;
  }

  /** @throws {Error} The store cannot be read from here. */
  static async open(address: string, conversationId: string): Promise<StateWindow> {
    const window = new StateWindow(await openToRead(address), conversationOwner(conversationId));
    await window.#begin();
    return window;
  }

  /** What was committed since the last time. */
  async news(): Promise<News> {
    const stored = await journalOf(this.#store, this.#owner, this.#version);
    this.#version = stored.at(-1)?.version ?? this.#version;
    const entries = this.#opened(stored);
    return { changes: entries.map((entry) => this.#changes.of(this.#owner, entry)), outcomes: outcomesOf(entries) };
  }

  /** How each call of the conversation came out, by call id. */
  async outcomes(): Promise<Outcomes> {
    return outcomesOf(this.#opened(await journalOf(this.#store, this.#owner)));
  }

  #opened(stored: readonly Entry[]): readonly JournalEntry[] {
    return stored.flatMap(({ text }) => (text === null ? [] : [openEntry(this.#owner, text)]));
  }

  /** The parts as they are stored; undefined when nothing is. */
  async parts(): Promise<StoredParts | undefined> {
    const loaded = await this.#store.load(this.#owner);
    return loaded && currentParts(loaded);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #begin(): Promise<void> {
    const entries = await journalOf(this.#store, this.#owner);
    this.#version = entries.at(-1)?.version ?? 0;
    this.#changes.mask(this.#owner, masksAt(this.#owner, entries, this.#version));
    this.#changes.begin(this.#owner, partsAt(this.#owner, entries, this.#version) ?? {});
  }
}

function outcomesOf(entries: readonly JournalEntry[]): Outcomes {
  return new Map(entries.flatMap((entry) => (entry.callId === undefined ? [] : [[entry.callId, outcomeOf(entry)] as const])));
}
