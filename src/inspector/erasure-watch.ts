// What was erased, for pages that show it: a tombstone is no commit, so the store's feed does not tell of it.   (P22)
//
//   EW1. Each is told of once: of what was erased before it was begun, only what somebody still holds something of.
//   EW2. It reads tombstones of conversations and customers, of which there are at most two days, and nothing else.

import { idOf, type Owner, type Store } from "../state/store.ts";
import type { InspectorEvent } from "./api.ts";

/** Tombstones of one question. */
const PAGE = 1_000;

/** Something that is gone. */
export interface Erased {
  readonly owner: Owner;
  readonly event: InspectorEvent;
}

export class ErasureWatch {
  readonly #store: Store;
  #known: ReadonlySet<Owner> = new Set();

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Begins anew.
   *
   * @param isFromBefore whether somebody goes on who may have missed what was erased until now.
   * @throws {StoreUnavailableError}
   */
  async begin(isFromBefore: boolean): Promise<void> {
    this.#known = isFromBefore ? new Set() : new Set((await this.#tombstones()).map(({ owner }) => owner));
  }

  /** What was erased since it was asked last, or is held although it was. @throws {StoreUnavailableError} */
  async look(held: () => ReadonlySet<Owner>): Promise<readonly Erased[]> {
    const found = await this.#tombstones();
    const before = this.#known;
    this.#known = new Set(found.map(({ owner }) => owner));
    const holds = held();
    return found.filter(({ owner }) => !before.has(owner) || holds.has(owner)).map(({ owner, version }) => ({ owner, event: eventOf(owner, version) }));
  }

  async #tombstones(): Promise<readonly { readonly owner: Owner; readonly version: number }[]> {
    const found = [];
    for (const kind of ["conversation", "customer"] as const) {
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page = await this.#store.list({ kind, status: "forgotten", limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
        found.push(...page.items.map(({ owner, version }) => ({ owner, version })));
        cursor = page.nextCursor;
      }
    }
    return found;
  }
}

function eventOf(owner: Owner, version: number): InspectorEvent {
  return owner.startsWith("customer:") ? { type: "customer", key: owner, version } : { type: "conversation", conversationId: idOf(owner) };
}
