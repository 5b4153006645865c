// Conversation state: what one conversation remembers, typed and durable.
//
// Owns an agent's `state` field. What its schema means for a stored value is said by `schema-slice.ts`.
//
//   CS1. Until a host takes the agent over, reading or writing state is an error: it would be lost silently.
//   CS2. A customer who rings back gets fields of their last conversation when they are identified, never before. (P12, P19)

import { ConversimpleError, codeOf } from "../base/errors.ts";
import type { OptionNames } from "../base/option-names.ts";
import { copyOf } from "../base/plain.ts";
import type { ObjectOf, Schema } from "../base/schema.ts";
import { Part } from "../agent/part.ts";
import { DESCRIBE, type PartDescription } from "../agent/part-description.ts";
import { running, type Running } from "../agent/running.ts";
import { encodePart } from "../state/record.ts";
import type { Slice } from "../state/slice.ts";
import type { Owner } from "../state/store.ts";
import type { Ended } from "./customer-record.ts";
import { carry, resumeMistake, type ResumeOptions } from "./resume.ts";
import { SCHEMA_OPTIONS, checkSchema, definition, schemaSlice, schemaText, type SchemaSliceOptions, type Subject } from "./schema-slice.ts";

export { STATE_MAX_BYTES } from "./schema-slice.ts";

/** What a conversation state can be told beside its schema. */
export interface ConversationStateOptions<State = Record<string, unknown>> extends SchemaSliceOptions {
  /** What a customer who rings back within a time gets back when they are identified; nothing unless given. (P12) */
  readonly resume?: ResumeOptions<State>;
}

/**
 * Declares what a conversation remembers. Read and mutate the field like an object inside tools and hooks.
 *
 * @param schema an object schema; every required root field needs a default.
 * @throws {ConversimpleError} `definition_invalid`.
 */
export function conversationState<S extends Schema>(schema: S, options: ConversationStateOptions<ObjectOf<S>> = {}): ObjectOf<S> {
  return beforeTakeOver(new ConversationStatePart(schema, options as ConversationStateOptions)) as unknown as ObjectOf<S>;
}

/** CS1. */
function beforeTakeOver(part: ConversationStatePart): ConversationStatePart {
  const refuse = (key: PropertyKey): never => {
    throw new ConversimpleError("no_conversation", `this.state.${String(key)} was used before any conversation ran, for example in the constructor. Give the schema a default, or set it in onConversationStarted.`, { wanted: String(key) });
  };
  return new Proxy(part, {
    get(target, key) {
      if (!(key in target)) return typeof key === "symbol" ? undefined : refuse(key);
      const member: unknown = Reflect.get(target, key);
      // The part's private fields are its own, not the proxy's.
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
    set: (_target, key) => refuse(key),
  });
}

/** Whether a value could be committed. */
function fits(slice: Slice, value: unknown): boolean {
  try {
    encodePart(slice, slice.check(value));
    return true;
  } catch {
    return false;
  }
}

const OPTIONS: OptionNames<ConversationStateOptions> = { ...SCHEMA_OPTIONS, resume: true };
const SUBJECT: Subject = { declaredWith: "conversationState", whose: "a conversation", root: "state" };

export class ConversationStatePart extends Part {
  readonly kind = "conversation state";
  readonly #schema: Schema;
  readonly #options: ConversationStateOptions;
  #slice: Slice | undefined;

  constructor(schema: Schema, options: ConversationStateOptions) {
    super();
    this.#schema = schema;
    this.#options = options;
    checkSchema(SUBJECT, schema, options, OPTIONS);
    const mistake = options.resume && resumeMistake(schema, options.resume);
    if (mistake !== undefined) throw definition(SUBJECT, mistake);
  }

  override get needsRetentionMs(): number {
    return this.#options.resume?.withinMs ?? 0;
  }

  override joined(parts: ReadonlyMap<string, Part>): void {
    if (!this.#options.resume || [...parts.values()].some((part) => part.kind === "customer state")) return;
    throw definition(SUBJECT, "resume needs to know who rings back. Declare a customer state: readonly customer = customerState(schema)");
  }

  /**
   * What a conversation left, for {@link resume}; undefined when there is none, or nothing is to be carried.
   *
   * @param ended its record may be of a later time: somebody looked at it, or encrypted it anew.
   */
  async leftBy(ended: Ended | undefined, customer: Owner, context: Running): Promise<unknown> {
    const { resume } = this.#options;
    const { to } = ended ?? { to: null };
    if (!resume || !ended || context.nowMs() - ended.at.getTime() > resume.withinMs) return undefined;
    try {
      return await context.joint.left({ conversationId: ended.conversation, agentId: context.agentId, customer, withinMs: resume.withinMs, unlessOf: to === context.conversation.id ? null : to }, this.slice());
    } catch (thrown) {
      if (codeOf(thrown) === "state_quarantined") return undefined;
      throw thrown;
    }
  }

  /** CS2: carries what was left into the running conversation. */
  resume(left: unknown, context: Running): void {
    const slice = this.slice();
    const state = context.draft(slice) as Record<string, unknown>;
    const put = (into: Record<string, unknown>) => carry(into, slice.initial() as Record<string, unknown>, copyOf(left) as Record<string, unknown>, this.#options.resume!.carry);
    const before = copyOf(state);
    const after = copyOf(state);
    put(after);
    // Else the unit would fail in which they said who they are, and each that tries again.
    if (fits(slice, after) || !fits(slice, before)) put(state);
  }

  override [DESCRIBE](): PartDescription {
    return { kind: "state", ...schemaText(this.#schema) };
  }

  override slice(): Slice {
    this.#slice ??= schemaSlice(this.name, this.#schema, this.#options);
    return this.#slice;
  }

  override exposed(): unknown {
    return running(`this.${this.name}`).draft(this.slice());
  }
}
