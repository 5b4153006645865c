// Customer state: what is remembered of a person across conversations, shared by all calls of theirs.   (P11)
//
// Owns who the conversation's customer is, and the way to the customer's record. How that record is changed is the joint
// records' (`agent/joint-records.ts`).
//
//   CU1. A conversation is identified once, by trusted code; where the agent has a session, not before the login. (P19)
//   CU2. Who was identified under one login is invisible to everybody else in the same call: after a logout, to another
//        account, and to tools while the session is over. Hooks still may: they are the agent's own.
//   CU3. An update is a transaction of its own, applied once for its operation id. It is durable when it resolves,
//        whatever becomes of the tool that asked for it.
//   CU4. First seen, last conversation and last interaction are kept without being asked: when identified, with every
//        update, and at the end of the conversation.
//   CU5. The record names the forks that conversations which ended have from before it was known whose they are. (P22)
//   CU6. A record that was erased or cannot be read makes `this.customer` throw, and nothing else.      (P10, P22)

import { randomUUID } from "node:crypto";

import { ConversimpleError, StateInvalidError, codeOf } from "../base/errors.ts";
import { checkId } from "../base/ids.ts";
import type { OptionNames } from "../base/option-names.ts";
import { copyOf } from "../base/plain.ts";
import type { ObjectOf, Schema } from "../base/schema.ts";
import type { JointRecords, JointUpdate } from "../agent/joint-records.ts";
import { Part, runningFor } from "../agent/part.ts";
import { DESCRIBE, type PartDescription } from "../agent/part-description.ts";
import type { Running } from "../agent/running.ts";
import type { CustomerNote } from "../state/notes.ts";
import { editedByHand } from "../state/hand-edit.ts";
import type { Patch } from "../state/patch.ts";
import type { Slice } from "../state/slice.ts";
import type { Owner } from "../state/store.ts";
import type { ConversationStatePart } from "./conversation-state.ts";
import { addForks, forksSlice, identitySlice, visitsSlice, type Ended, type Identified, type Identity, type Visits } from "./customer-record.ts";
import { SCHEMA_OPTIONS, checkSchema, definition, schemaSlice, schemaText, type SchemaSliceOptions, type Subject } from "./schema-slice.ts";
import type { SessionPart } from "./session.ts";

/** What a customer state can be told beside its schema. */
export interface CustomerStateOptions extends SchemaSliceOptions {
  /** How long the record stays after the last interaction, milliseconds; for ever unless given. */
  readonly retentionMs?: number;
}

/** What was known of a customer when the conversation was identified: before this call, and before others that go on. */
export interface CustomerMeta {
  /** Now, for somebody new. */
  readonly firstSeen: Date;
  /** The id of the conversation before this one, with any agent of the store; undefined for somebody new. */
  readonly lastConversation: string | undefined;
  /** When there was one last; undefined for somebody new. */
  readonly lastInteraction: Date | undefined;
}

/** What an update can be told. */
export interface CustomerUpdateOptions {
  /** Your own name for what is done, unique for the customer: it is done once in 24 h, from whichever conversation. */
  readonly opId?: string;
}

/** A synchronous change of a draft: it may run again when somebody else was faster. */
export type CustomerRecipe<Profile, T> = ((profile: Profile) => T) & (unknown extends T ? unknown : [Extract<T, PromiseLike<unknown>>] extends [never] ? unknown : "The recipe must be synchronous: do the waiting before the update.");

/** The customer of the conversation that runs. */
export interface CustomerState<Profile> {
  /** Who it is; undefined before `identify`, and for whoever is not logged in as they were then. */
  readonly id: string | undefined;
  /** The customer's visits as they were when the conversation was identified; undefined as `id` is. */
  readonly meta: CustomerMeta | undefined;

  /**
   * Says who the customer is, from the commit of this unit of work on. The same id again is without effect.
   *
   * @param id from your own database or the session, never from what the caller said or a tool's arguments.
   * @throws {ConversimpleError} `not_authenticated` where the agent has a session and nobody is logged in;
   *   `already_identified` as somebody else; `customer_forgotten`; `read_only` in a parallel tool; `id_invalid`.
   */
  identify(id: string): Promise<void>;

  /**
   * A copy of the profile as it is stored now; its defaults for somebody new.
   *
   * @throws {ConversimpleError} `not_identified`, `not_authenticated`, `customer_forgotten`, `state_quarantined`,
   *   `state_unavailable`.
   */
  read(): Promise<Profile>;

  /**
   * Changes the profile and resolves when that is durable (CU3). A call that is delivered again applies it once.
   *
   * @returns what the recipe gave, as a copy.
   * @throws what the recipe throws, and then nothing is stored; else as `read`, and `state_invalid`, `state_too_large`.
   */
  update<T>(recipe: CustomerRecipe<Profile, T>, options?: CustomerUpdateOptions): Promise<T>;
}

/**
 * Declares what is remembered of customers. Agents of one store that use the same field name share it: give them the same
 * schema.
 *
 * @param schema an object schema; every required root field needs a default.
 * @throws {ConversimpleError} `definition_invalid`.
 */
export function customerState<S extends Schema>(schema: S, options: CustomerStateOptions = {}): CustomerState<ObjectOf<S>> {
  return new CustomerStatePart(schema, options) as CustomerState<ObjectOf<S>>;
}

const OPTIONS: OptionNames<CustomerStateOptions> = { ...SCHEMA_OPTIONS, retentionMs: true };
const SUBJECT: Subject = { declaredWith: "customerState", whose: "a customer", root: "customer" };

/** @internal What other parts of the SDK ask it. */
export class CustomerStatePart extends Part implements CustomerState<unknown> {
  readonly kind = "customer state";
  readonly #schema: Schema;
  readonly #options: CustomerStateOptions;
  #profile: Slice | undefined;
  #slice: Slice | undefined;
  #session: SessionPart | undefined;
  #state: ConversationStatePart | undefined;

  constructor(schema: Schema, options: CustomerStateOptions) {
    super();
    this.#schema = schema;
    this.#options = options;
    checkSchema(SUBJECT, schema, options, OPTIONS);
    const { retentionMs } = options;
    if (retentionMs !== undefined && (!Number.isFinite(retentionMs) || retentionMs <= 0)) throw definition(SUBJECT, "retentionMs must be a number of milliseconds, more than 0");
  }

  override joined(parts: ReadonlyMap<string, Part>): void {
    const of = (kind: string) => [...parts.values()].filter((part) => part.kind === kind);
    if (of(this.kind).length > 1) throw definition(SUBJECT, "an agent has one customer. Put what is remembered of them into one schema");
    [this.#session] = of("session") as SessionPart[];
    [this.#state] = of("conversation state") as ConversationStatePart[];
  }

  get id(): string | undefined {
    return this.#visible(this.#running("id"))?.id;
  }

  get meta(): CustomerMeta | undefined {
    const identified = this.#visible(this.#running("meta"));
    if (!identified) return undefined;
    const { firstSeen, lastConversation, lastInteraction } = identified;
    return { firstSeen, lastConversation: lastConversation ?? undefined, lastInteraction: lastInteraction ?? undefined };
  }

  /** Under which key the customer is stored. @throws `not_identified`, `not_authenticated` (CU2). */
  get ownerKey(): Owner {
    return this.#owner(this.#running("ownerKey"));
  }

  async identify(id: string): Promise<void> {
    const context = this.#running("identify()");
    checkId(id, "customer id");
    return context.awaited(`this.${this.name}.identify(...)`, () => this.#identify(context, id));
  }

  async #identify(context: Running, id: string): Promise<void> {
    const account = this.#account();
    if (this.#isIdentified(context, id, account)) return;
    this.#checkWritable(context);
    const owner = context.joint.ownerOf("customer", id);
    const before = await this.#visit(context, owner, "customer identified", "identified", (visits) => arrive(visits, context, account));
    const isNew = this.#identity(context).id === null;
    const left = isNew ? await this.#state?.leftBy(before.ended, owner, context) : undefined;
    const { ended } = before;
    if (left !== undefined && ended && ended.to !== null && ended.to !== context.conversation.id) await this.#visit(context, owner, "left taken", "updated", (visits) => taken(visits, ended, context));
    // Meanwhile the same tool may have logged out, or have identified somebody else.
    if (this.#account() !== account) throw notAuthenticated();
    if (this.#isIdentified(context, id, account)) return;
    const { firstSeen, lastConversation, lastInteraction } = before;
    context.identify(owner);
    context.replace(this.slice(), { id, account, firstSeen, lastConversation, lastInteraction } satisfies Identified);
    if (left !== undefined) this.#state!.resume(left, context);
  }

  async read(): Promise<unknown> {
    const context = this.#running("read()");
    const owner = this.#owner(context);
    const profile = this.#profileSlice();
    const note = this.#note(context);
    const record = await context.joint.read(owner, [profile]);
    note.outcome = "read";
    note.version = record.version;
    return record.value(profile);
  }

  async update<T>(recipe: (profile: unknown) => T, { opId }: CustomerUpdateOptions = {}): Promise<T> {
    const context = this.#running("update()");
    const owner = this.#owner(context);
    const profile = this.#profileSlice();
    const update = (operationId: string, digest = "") => context.joint.update(owner, [profile, visitsSlice], { ...this.#how("customer update", "updated", operationId, context), digest }, (value) => {
      note(value(visitsSlice) as Visits, context);
      return context.pure(() => recipe(value(profile)));
    });
    const named = opId === undefined ? undefined : `op:${checkId(opId, "operation id")}`;
    return context.awaited(`this.${this.name}.update(...)`, () => (named === undefined ? context.operation("update", (operationId) => update(operationId, context.digest)) : update(named)));
  }

  /** Changes a profile by hand; a record that is not there is made. Who it is of is not asked: that is the inspector's guard. */
  async edit(joint: JointRecords, customerId: string, patches: readonly Patch[], { source, nowMs }: { readonly source: string; readonly nowMs: number }): Promise<{ readonly key: Owner; readonly version: number }> {
    const key = joint.ownerOf("customer", checkId(customerId, "customer id"));
    const profile = this.#profileSlice();
    const { retentionMs } = this.#options;
    const how = { name: "customer edit", operationId: randomUUID(), expiresAtMs: retentionMs === undefined ? null : nowMs + retentionMs, source };
    await joint.update(key, [profile], how, (value) => {
      const draft = value(profile) as Record<string, unknown>;
      const after = editedByHand(this.name, draft, patches, profile.masks);
      if (typeof after !== "object" || after === null || Array.isArray(after)) throw new StateInvalidError(this.name, "is not an object");
      for (const name of Object.keys(draft)) if (!Object.hasOwn(after, name)) delete draft[name];
      Object.assign(draft, after);
    });
    return { key, version: (await joint.read(key, [])).version };
  }

  /** CU4, also when the agent's own hook threw. */
  override async conversationEnded(): Promise<void> {
    const context = this.#running("conversationEnded()");
    const { id } = this.#identity(context);
    if (id === null) return;
    // Now it is certain whose it is: a unit that identified somebody may have failed.
    const forks = copyOf((context.draft(forksSlice) ?? []) as readonly Owner[]);
    try {
      await this.#visit(context, context.joint.ownerOf("customer", id), "conversation ended", "updated", (visits) => {
        note(visits, context);
        addForks(visits, forks);
        visits.ended[context.agentId] = { conversation: context.conversation.id, at: new Date(context.nowMs()), to: null };
      });
    } catch (thrown) {
      if (codeOf(thrown) !== "customer_forgotten") throw thrown;
    }
  }

  override [DESCRIBE](): PartDescription {
    const { schemaVersion, maxBytes, masks = [] } = this.#profileSlice();
    return { kind: "customer", schemaVersion, maxBytes, masks, ...schemaText(this.#schema) };
  }

  override slice(): Slice {
    this.#slice ??= identitySlice(this.name);
    return this.#slice;
  }

  #profileSlice(): Slice {
    this.#profile ??= schemaSlice(this.name, this.#schema, this.#options);
    return this.#profile;
  }

  #visit<T>(context: Running, owner: Owner, name: string, outcome: CustomerNote["outcome"], recipe: (visits: Visits) => T): Promise<T> {
    return context.joint.update(owner, [visitsSlice], this.#how(name, outcome, context.nextOperationId(name), context), (value) => recipe(value(visitsSlice) as Visits));
  }

  /** @param outcome what its note says when it is done. */
  #how(name: string, outcome: CustomerNote["outcome"], operationId: string, context: Running): JointUpdate {
    const { retentionMs } = this.#options;
    const noted = this.#note(context);
    const onCommitted = (version: number) => void Object.assign(noted, { outcome, version });
    return { name, operationId, onCommitted, expiresAtMs: retentionMs === undefined ? null : context.nowMs() + retentionMs };
  }

  #running(wanted: string): Running {
    return runningFor(this, wanted);
  }

  /** Begins a note, which says later what was done. */
  #note(context: Running): { -readonly [K in keyof CustomerNote]: CustomerNote[K] } {
    const begun: CustomerNote = { kind: "customer", part: this.name, outcome: "pending" };
    context.note(begun);
    return begun;
  }

  #identity(context: Running): Identity {
    return copyOf(context.draft(this.slice()) as Identity);
  }

  /** Whether it is done already. @throws `already_identified`. */
  #isIdentified(context: Running, id: string, account: Owner | null): boolean {
    const identity = this.#identity(context);
    if (identity.id !== null && identity.id !== id) throw new ConversimpleError("already_identified", "This conversation belongs to another customer already. Go on in a new one.");
    return identity.id === id && identity.account === account;
  }

  /** The account that is logged in; null where the agent has no session. @throws `not_authenticated` (CU1). */
  #account(): Owner | null {
    if (!this.#session) return null;
    const key = this.#session.authenticated ? this.#session.accountKey : undefined;
    if (key === undefined) throw notAuthenticated();
    return key;
  }

  /** CU2. */
  #visible(context: Running): Identified | undefined {
    const identity = this.#identity(context);
    if (identity.id === null || !this.#session) return identity.id === null ? undefined : identity;
    const isTheirs = this.#session.accountKey === identity.account && identity.account !== null;
    return isTheirs && (!context.call || this.#session.authenticated) ? identity : undefined;
  }

  #owner(context: Running): Owner {
    const visible = this.#visible(context);
    if (visible) return context.joint.ownerOf("customer", visible.id);
    if (this.#identity(context).id !== null) throw notAuthenticated();
    throw new ConversimpleError("not_identified", `Nobody knows who the customer is yet. Call this.${this.name}.identify(id) first, for example after the login.`);
  }

  /** Before anything is stored: a parallel tool could not keep who it is. */
  #checkWritable(context: Running): void {
    try {
      context.replace(this.slice(), this.#identity(context));
    } catch (thrown) {
      if (codeOf(thrown) !== "read_only") throw thrown;
      throw new ConversimpleError("read_only", `this.${this.name}.identify() was used in a parallel tool. Identify in an ordinary tool or in a hook.`, { part: this.name }, { cause: thrown });
    }
  }
}

/** A conversation is identified: gives the visits before it, also when it is said again after a unit that failed. */
function arrive(visits: Visits, context: Running, account: Owner | null) {
  const { id } = context.conversation;
  if (visits.lastConversation !== id) visits.before = { at: visits.lastInteraction, conversation: visits.lastConversation };
  note(visits, context);
  if (account !== null && !visits.accounts.includes(account)) visits.accounts.push(account);
  return { firstSeen: visits.firstSeen!, lastInteraction: visits.before.at, lastConversation: visits.before.conversation, ended: handedOver(visits, context) };
}

/** What ended last is left to whoever comes next; `to` is who was to have it before. Two carts of one would be ordered twice. */
function handedOver(visits: Visits, { agentId, conversation }: Running): Ended | undefined {
  const ended = visits.ended[agentId];
  if (!ended) return undefined;
  const found = { ...ended };
  ended.to ??= conversation.id;
  return found;
}

/** It is the running conversation's now: the one before broke off before it was the customer's. */
function taken(visits: Visits, { conversation }: Ended, context: Running): void {
  const ended = visits.ended[context.agentId];
  if (ended?.conversation === conversation) ended.to = context.conversation.id;
}

function note(visits: Visits, context: Running): void {
  visits.firstSeen ??= new Date(context.nowMs());
  visits.lastInteraction = new Date(context.nowMs());
  visits.lastConversation = context.conversation.id;
}

function notAuthenticated(): ConversimpleError {
  return new ConversimpleError("not_authenticated", "Nobody is logged in. Log in first.");
}
