// The stored state of the conversation that is being called, beside the call.
//
//   ST1. It is read from the store of the running `dev`; where that cannot be, it is said once and the call goes on.

import { masksAt, partsAt } from "../../state/history.ts";
import { openEntry } from "../../state/journal.ts";
import { conversationOwner, type Owner, type Store } from "../../state/store.ts";
import { Changes, type PartChanges } from "../../state/changes.ts";
import { currentParts, journalOf, type StoredParts } from "../state/conversations.ts";
import { openToRead } from "../store-address.ts";

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

  /** What was committed since the last time, merged. */
  async news(): Promise<PartChanges[]> {
    const entries = await journalOf(this.#store, this.#owner, this.#version);
    this.#version = entries.at(-1)?.version ?? this.#version;
    return entries.flatMap(({ text }) => (text === null ? [] : [this.#changes.of(this.#owner, openEntry(this.#owner, text))]));
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
