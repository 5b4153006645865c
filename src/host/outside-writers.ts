// Outside writers: those who change a conversation without being one of its handlers.              (P16)
//
// Owns posting, and waiting until what was posted is applied.
//
//   OW1. Nobody writes a conversation but its owner: a writer posts to the inbox.
//   OW2. `applied` resolves when the owner has committed the message, and rejects with its reason when refused.
//   OW3. A message has one id from the first attempt to the last; the owner applies an id once. So a post whose outcome is
//        not known is simply repeated. Whoever heard that it was refused, and sends it again under an id of his own, means
//        it: it is another attempt.

import { randomUUID } from "node:crypto";

import type { AgentLink, ConversimpleAgent } from "../agent/agent.ts";
import { sleep, type Clock } from "../base/clock.ts";
import { ConversimpleError, StoreUnavailableError, type ErrorCode } from "../base/errors.ts";
import { checkId } from "../base/ids.ts";
import { copyOf } from "../base/plain.ts";
import { RecordDocument } from "../state/document.ts";
import { encryptedHead } from "../state/encrypted-text.ts";
import { openEntry } from "../state/journal.ts";
import { openRecord, sealText } from "../state/record.ts";
import { conversationOwner, type Message, type Owner, type Store } from "../state/store.ts";
import { defineAgent } from "../agent/definition.ts";
import { keptAnswer } from "./kept-answer.ts";
import { appliedAs, MESSAGE_REFUSED, type Mail } from "./mail.ts";
import type { Maintained } from "./maintenance.ts";

/** How long a writer waits for its message to be applied, milliseconds, and how often it looks. */
const APPLIED_WITHIN_MS = 10_000;
/** How long a post whose outcome is not known is tried again, milliseconds. */
const POSTED_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 50;

/** What a writer needs: the store, and the host when there is one in this process. */
export interface OutsideOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly agents: readonly ConversimpleAgent[];
  readonly host: Maintained | undefined;
}

export interface PostOptions {
  /** Only to a conversation of this agent. */
  readonly agentId?: string | undefined;
  /** The writer's own id of the message: one that was applied in the last 24 hours is not applied again. */
  readonly messageId?: string | undefined;
  /** The same of a unit of work, whose call may be delivered again. */
  readonly operationId?: string | undefined;
}

export class OutsideWriters {
  readonly #options: OutsideOptions;

  constructor(options: OutsideOptions) {
    this.#options = options;
  }

  /** What one agent gets of it. */
  linkFor(agentId: string): AgentLink {
    return {
      readState: (conversationId) => this.readState(conversationId, agentId),
      writeState: async (conversationId, changes, wait, operationId) => void await this.post(conversationId, { kind: "update", changes, source: `agent ${agentId}` }, wait, { agentId, operationId }),
    };
  }

  /**
   * Posts a message (OW1).
   *
   * @param wait `durable`: until it is in the inbox; `applied`: until it is committed (OW2).
   * @returns the version that has it, when that was waited for.
   * @throws {ConversimpleError} `conversation_not_found`, `conversation_ended`, the refusal's code, `state_unavailable`,
   *   `state_quarantined` when the conversation is encrypted and this writer has no keys.
   */
  async post(conversationId: string, mail: Mail, wait: "durable" | "applied", options: PostOptions = {}): Promise<number | undefined> {
    const { store, host } = this.#options;
    const { agentId } = options;
    const owner = conversationOwner(checkId(conversationId, "conversation id"));
    const before = await store.load(owner);
    if (!before || (agentId !== undefined && before.facts.agentId !== agentId)) throw new ConversimpleError("conversation_not_found", "There is no such conversation.", { conversation: conversationId });
    // Its owner refuses what is not encrypted: better said now than when nobody hears it.
    if (before.record !== null && encryptedHead(before.record)) openRecord(owner, before.version, before.record);
    const { id, isApplied } = await this.#idOf(owner, options);
    if (isApplied) return wait === "applied" ? this.#applied(conversationId, id, 0) : undefined;
    await this.#stored(owner, { id, text: sealText(mail) });
    const isHere = host?.deliver(conversationId) === true;
    // When that fails, for example because somebody else takes it over just now, the message is still on its way.
    if (!isHere && wait === "applied") await host?.borrow(conversationId).catch(() => {});
    const quarantine = host?.conversations.get(conversationId)?.quarantine;
    if (quarantine && wait === "applied") throw quarantine;
    return wait === "applied" ? this.#applied(conversationId, id, before.version) : undefined;
  }

  /** The id of a message, and whether it was applied already (OW3). Those that writers give are apart from those that we make. */
  async #idOf(owner: Owner, { messageId, operationId }: PostOptions): Promise<{ readonly id: string; readonly isApplied: boolean }> {
    const { store } = this.#options;
    if (operationId !== undefined) return { id: `unit:${operationId}`, isApplied: (await store.answer(owner, appliedAs(`unit:${operationId}`))) !== undefined };
    if (messageId === undefined) return { id: randomUUID(), isApplied: false };
    checkId(messageId, "message id");
    for (let attempt = 1; ; attempt++) {
      const id = `given${attempt === 1 ? "" : attempt}:${messageId}`;
      const kept = await keptAnswer(store, owner, appliedAs(id));
      if (kept !== MESSAGE_REFUSED) return { id, isApplied: kept !== undefined };
    }
  }

  /** Posts until it is known whether it is there: the owner applies an id once (OW3). */
  async #stored(owner: Owner, message: Message): Promise<void> {
    const { store, clock } = this.#options;
    const deadline = clock.monotonic() + POSTED_WITHIN_MS;
    let isKnown = true;
    for (let delayMs = 25; ; delayMs = Math.min(delayMs * 2, 1_000)) {
      try {
        return await store.post(owner, message);
      } catch (thrown) {
        const isUnavailable = thrown instanceof StoreUnavailableError;
        if (isUnavailable && thrown.fields.outcome === "unknown") isKnown = false;
        if (isKnown) throw thrown;
        // It may have been applied before the conversation ended.
        if (!isUnavailable && (await store.answer(owner, appliedAs(message.id))) !== undefined) return;
        if (!isUnavailable) throw thrown;
        if (clock.monotonic() + delayMs > deadline) throw new StoreUnavailableError("It is not known whether the message is in the inbox. Send it again with the same id.", { outcome: "unknown" }, { cause: thrown });
      }
      await sleep(clock, delayMs);
    }
  }

  async #applied(conversationId: string, messageId: string, afterVersion: number): Promise<number> {
    const { store, clock } = this.#options;
    const owner = conversationOwner(conversationId);
    const deadline = clock.monotonic() + APPLIED_WITHIN_MS;
    let seen = afterVersion;
    while (clock.monotonic() < deadline) {
      for (const { version, text } of await store.history(owner, { afterVersion: seen })) {
        seen = version;
        const entry = text === null ? undefined : openEntry(owner, text);
        if (entry?.message !== messageId) continue;
        if (entry.outcome === "ok") return version;
        throw new ConversimpleError((entry.code ?? "state_invalid") as ErrorCode, entry.reason ?? "The change was refused by the conversation's agent.", { conversation: conversationId });
      }
      await sleep(clock, LOOK_EVERY_MS);
    }
    throw new StoreUnavailableError("The message is in the inbox, but its conversation's owner has not applied it yet.", { conversation: conversationId, outcome: "posted" });
  }

  /**
   * A plain copy of a conversation's committed state; undefined when there is none.
   *
   * @param agentId only of a conversation of this agent, when given.
   * @throws {StateQuarantinedError} The stored record cannot be used.
   */
  async readState(conversationId: string, agentId?: string): Promise<unknown> {
    const { store, host, agents } = this.#options;
    const owner = conversationOwner(checkId(conversationId, "conversation id"));
    // It may have been repaired since.
    if (host?.conversations.get(conversationId)?.quarantine) await host.borrow(conversationId).catch(() => {});
    const live = host?.conversations.get(conversationId);
    const loaded = live ? undefined : await store.load(owner);
    const ofAgent = live?.agent.agentId ?? loaded?.facts.agentId;
    if (agentId !== undefined && ofAgent !== agentId) return undefined;
    const slice = agents.map(defineAgent).find((definition) => definition.agentId === ofAgent)?.slices.find(({ name }) => name === STATE);
    if (live) return slice && copyOf(live.document.value(slice));
    if (!loaded || loaded.record === null) return undefined;
    // Without the agent's schema the value is what was stored: not upgraded, no new defaults.
    if (!slice) return openRecord(owner, loaded.version, loaded.record).get(STATE)?.data;
    return copyOf(RecordDocument.open(owner, loaded.version, loaded.record, [slice]).value(slice));
  }
}

/** The field of an agent's conversation state. */
const STATE = "state";
