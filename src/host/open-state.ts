// State from outside: a webhook, a job or a script that reads and writes conversations of a store.     (P16)
//
//   OS1. It serves nothing: a change goes through the conversation's inbox.
//      Nor does it make a store, unless it may: an address with a mistake is an error, not an empty store.
//   OS2. With the agents it takes over a conversation that nobody serves for the one unit; without them the message
//        waits for the conversation's next owner.

import type { ConversimpleAgent } from "../agent/agent.ts";
import { systemClock, type Clock } from "../base/clock.ts";
import { ConversimpleError } from "../base/errors.ts";
import { optionMistakeText, type OptionNames } from "../base/option-names.ts";
import type { Store } from "../state/store.ts";
import type { CustomerExport } from "./customer-export.ts";
import type { ErasureReceipt } from "./erasure.ts";
import type { EncryptionOptions } from "../stores/encryption/key-ring.ts";

/** What `openState` can be told. */
export interface OpenStateOptions {
  /** The agents whose conversations are changed; without them a change resolves when it is in the inbox. */
  readonly agents?: readonly ConversimpleAgent[];
  /** What the journal names as the writer; "outside" unless given. */
  readonly source?: string;
  /** As the agents' own dispatcher has it; `CONVERSIMPLE_SECRET`, else the one beside an SQLite file, unless given. */
  readonly secret?: string | Uint8Array;
  /** Encryption at rest, with the keys of the agents' processes; what `CONVERSIMPLE_ENCRYPTION_KEYS` says unless given. */
  readonly encryption?: EncryptionOptions;
  /** Whether an SQLite file that is not there is made; with agents, unless given. */
  readonly create?: boolean;
  readonly clock?: Clock;
}

const OPTIONS: OptionNames<OpenStateOptions> = { agents: true, source: true, secret: true, encryption: true, create: true, clock: true };

/** What a message can be told. */
export interface MessageOptions {
  /** The writer's own id, for example of a webhook's event: what comes again under it within 24 hours is not applied again. */
  readonly id?: string;
}

/** Access to the conversations of a store. */
export interface StateAccess {
  /** A plain copy of a conversation's committed state; undefined when there is none. */
  getState(conversationId: string): Promise<unknown>;
  /**
   * Sets fields of a conversation's state. With the agents it resolves when it is applied; without them when it is in the
   * inbox, and nobody checked it yet (OS2).
   *
   * @throws {ConversimpleError} `conversation_not_found`, `conversation_ended`, `state_invalid` and the like when it was
   *   refused, `state_unavailable` when the owner has not applied it within 10 s (it stays in the inbox).
   */
  updateState(conversationId: string, changes: Readonly<Record<string, unknown>>, options?: MessageOptions): Promise<void>;
  /** Sends a durable message to the agent's `onSignal`; resolves as `updateState` does. */
  signal(conversationId: string, name: string, payload?: unknown, options?: MessageOptions): Promise<void>;
  /**
   * Everything that the store has of a customer, as JSON (P22).
   *
   * @param customerId the id that the agents identify them with.
   * @throws {ConversimpleError} `id_invalid`, `state_unavailable`.
   */
  export(customerId: string): Promise<CustomerExport>;
  /**
   * Erases a customer: their record, their conversations (those that go on end with reason `forgotten`), journals, answers,
   * messages and counted logins. Can be repeated. They can come back as somebody new two days later (P22).
   *
   * @throws {ConversimpleError} `id_invalid`; `state_unavailable`: some of it may be erased, call it again.
   */
  forget(customerId: string): Promise<ErasureReceipt>;
  /** Lets go of the store. */
  close(): Promise<void>;
}

/**
 * Opens the state of a store for another program.
 *
 * @param address as `openStore` takes it; `CONVERSIMPLE_STORE`, else `sqlite:.conversimple/state.db`, unless given.
 * @throws {ConversimpleError} `option_invalid`, `store_misconfigured`, `definition_invalid`, `state_unavailable`.
 */
export async function openState(address?: string | Store, options: OpenStateOptions = {}): Promise<StateAccess> {
  const mistake = optionMistakeText(options, OPTIONS);
  if (mistake !== undefined) throw new ConversimpleError("option_invalid", `openState: ${mistake}.`);
  const { agents = [], source = "outside", encryption, clock = systemClock, create = agents.length > 0 } = options;
  const { openStore, withEncryption } = await import("../stores/open.ts");
  const store = typeof address === "object" ? withEncryption(address, encryption) : await openStore(address, { clock, encryption, create });
  const [{ AgentHost }, { OutsideWriters }, { CustomerData }, { KeyedHash }, { secretFor }] = await Promise.all([
    import("./agent-host.ts"), import("./outside-writers.ts"), import("./customer-data.ts"), import("../base/keyed-hash.ts"), import("../stores/secret.ts"),
  ]);
  const secret = await secretFor(store, options.secret);
  const host = agents.length > 0 ? await AgentHost.start({ agents, store, clock, secret }) : undefined;
  const writers = new OutsideWriters({ store, clock, agents, host });
  const data = new CustomerData({ store, clock, hash: new KeyedHash(secret) });
  const wait = host ? "applied" : "durable";
  return {
    getState: (conversationId) => writers.readState(conversationId),
    updateState: async (conversationId, changes, { id } = {}) => void await writers.post(conversationId, { kind: "update", changes, source }, wait, { messageId: id }),
    signal: async (conversationId, name, payload, { id } = {}) => void await writers.post(conversationId, { kind: "signal", name, payload, source }, wait, { messageId: id }),
    export: (customerId) => data.export(customerId),
    forget: (customerId) => (host ? host.forget(customerId) : data.forget(customerId)),
    async close() {
      await host?.drain(0);
      if (typeof address !== "object") await store.close();
    },
  };
}
