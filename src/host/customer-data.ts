// The data of one customer, by the id that the agents identify them with.                              (P22)

import type { Clock } from "../base/clock.ts";
import { checkId } from "../base/ids.ts";
import type { KeyedHash } from "../base/keyed-hash.ts";
import type { Owner, Store } from "../state/store.ts";
import { exportCustomer, type CustomerExport } from "./customer-export.ts";
import { Erasure, type ErasureReceipt } from "./erasure.ts";

/** What a person may ask for. */
export class CustomerData {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #hash: KeyedHash;

  constructor({ store, clock, hash }: { readonly store: Store; readonly clock: Clock; readonly hash: KeyedHash }) {
    this.#store = store;
    this.#clock = clock;
    this.#hash = hash;
  }

  /** @throws {ConversimpleError} `id_invalid`, `state_unavailable`. */
  async export(customerId: string): Promise<CustomerExport> {
    return exportCustomer(this.#store, this.#clock, this.#ownerOf(customerId));
  }

  /** @throws {ConversimpleError} `id_invalid`; `state_unavailable`: call it again. */
  async forget(customerId: string): Promise<ErasureReceipt> {
    return new Erasure(this.#store, this.#clock, this.#ownerOf(customerId)).run();
  }

  #ownerOf(customerId: string): Owner {
    return `customer:${this.#hash.of("customer", checkId(customerId, "customer id"))}`;
  }
}
