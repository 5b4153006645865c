// Outside writers: those who change a conversation without being one of its handlers.              (P16)
//
// Owns posting, and waiting until what was posted is applied.
//
//   OW1. Nobody writes a conversation but its owner: a writer posts to the inbox.
//   OW2. `applied` resolves when the owner has committed the message, and rejects with its reason when refused.

import { randomUUID } from "node:crypto";

import type { AgentLink } from "../agent/agent.ts";
import { sleep } from "../base/clock.ts";
import { ConversimpleError, StoreUnavailableError, type ErrorCode } from "../base/errors.ts";
import { checkId } from "../base/ids.ts";
import { copyOf } from "../base/plain.ts";
import { RecordDocument } from "../state/document.ts";
import { openEntry } from "../state/journal.ts";
import { sealText } from "../state/record.ts";
import { conversationOwner } from "../state/store.ts";
import { defineAgent } from "../agent/definition.ts";
import type { Maintained } from "./maintenance.ts";
import type { HostSettings } from "./host-options.ts";
import type { Mail } from "./units.ts";

/** How long a writer waits for its message to be applied, milliseconds, and how often it looks. */
const APPLIED_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 50;

export class OutsideWriters {
  readonly #settings: HostSettings;
  readonly #host: Maintained;

  constructor(settings: HostSettings, host: Maintained) {
    this.#settings = settings;
    this.#host = host;
  }

  /** What one agent gets of it. */
  linkFor(agentId: string): AgentLink {
    return {
      readState: (conversationId) => this.#readState(agentId, conversationId),
      writeState: (conversationId, changes, wait) => this.post(conversationId, { kind: "update", changes, source: `agent ${agentId}` }, wait),
    };
  }

  /**
   * Posts a message (OW1).
   *
   * @param wait `durable`: until it is in the inbox; `applied`: until it is committed (OW2).
   * @throws {ConversimpleError} `conversation_not_found`, `conversation_ended`, the refusal's code, `state_unavailable`.
   */
  async post(conversationId: string, mail: Mail, wait: "durable" | "applied"): Promise<void> {
    const { store } = this.#settings;
    const owner = conversationOwner(checkId(conversationId, "conversation id"));
    const before = await store.load(owner);
    if (!before) throw new ConversimpleError("conversation_not_found", "There is no such conversation.", { conversation: conversationId });
    const id = randomUUID();
    await store.post(owner, { id, text: sealText(mail) });
    if (!this.#host.deliver(conversationId) && wait === "applied") await this.#host.borrow(conversationId);
    if (wait === "applied") await this.#applied(conversationId, id, before.version);
  }

  async #applied(conversationId: string, messageId: string, afterVersion: number): Promise<void> {
    const { store, clock } = this.#settings;
    const owner = conversationOwner(conversationId);
    const deadline = clock.monotonic() + APPLIED_WITHIN_MS;
    let seen = afterVersion;
    while (clock.monotonic() < deadline) {
      for (const { version, text } of await store.history(owner, { afterVersion: seen })) {
        seen = version;
        const entry = text === null ? undefined : openEntry(owner, text);
        if (entry?.message !== messageId) continue;
        if (entry.outcome === "ok") return;
        throw new ConversimpleError((entry.code ?? "state_invalid") as ErrorCode, "The change was refused by the conversation's agent; its journal says why.", { conversation: conversationId });
      }
      await sleep(clock, LOOK_EVERY_MS);
    }
    throw new StoreUnavailableError("The message is in the inbox, but its conversation's owner has not applied it yet.", { conversation: conversationId, outcome: "posted" });
  }

  async #readState(agentId: string, conversationId: string): Promise<unknown> {
    const owner = conversationOwner(checkId(conversationId, "conversation id"));
    const agent = this.#settings.agents.map(defineAgent).find((definition) => definition.agentId === agentId)!;
    const slice = agent.slices.find(({ name }) => name === "state");
    if (!slice) return undefined;
    const live = this.#host.conversations.get(conversationId);
    if (live) return live.agent.agentId === agentId ? copyOf(live.document.value(slice)) : undefined;
    const loaded = await this.#settings.store.load(owner);
    if (!loaded || loaded.record === null || loaded.facts.agentId !== agentId) return undefined;
    return copyOf(RecordDocument.open(owner, loaded.version, loaded.record, [slice]).value(slice));
  }
}
