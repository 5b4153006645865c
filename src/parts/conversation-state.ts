// Conversation state: what one conversation remembers, typed and durable.
//
// Owns the slice of an agent's `state` field: defaults, validation, upgrade.
//
//   CS1. A conversation begins with the schema's defaults; a schema without them is refused at definition.
//   CS2. What the schema refuses, or would drop without a word, is not committed.                      (P8)
//   CS3. An older record is upgraded step by step, then parsed, on reading. A missing step, or a stored field that the
//        schema does not name any more, quarantines it: nothing is dropped because somebody renamed a field. (P10)
//   CS4. A secret in the schema is refused at definition: secrets are not state.                       (P21)

import { ConversimpleError, StateInvalidError } from "../base/errors.ts";
import { pathText, type Path } from "../base/path.ts";
import { masksOf } from "../base/marks.ts";
import { Mask } from "../base/mask.ts";
import { copyOf } from "../base/plain.ts";
import { issuesText, validate, type OutputOf, type Schema } from "../base/schema.ts";
import { Part } from "../agent/part.ts";
import { running } from "../agent/running.ts";
import { isSame } from "../state/patch.ts";
import { RECORD_MAX_BYTES } from "../state/record.ts";
import type { Slice } from "../state/slice.ts";
import { droppedKey } from "./dropped-key.ts";
import { upgraded, versionMistake, type Versions } from "./schema-versions.ts";
import { secretField } from "./secret-fields.ts";

/** The largest text of a state unless it says otherwise, UTF-8 bytes. Source: P9. */
export const STATE_MAX_BYTES = 65_536;

/** What a conversation state can be told beside its schema. */
export interface ConversationStateOptions extends Versions {
  /** The largest text, UTF-8 bytes; 65,536 unless given, at most 1,048,576. */
  readonly maxBytes?: number;
}

/**
 * Declares what a conversation remembers. Read and mutate the field like an object inside tools and hooks.
 *
 * @param schema an object schema; every required root field needs a default.
 * @throws {ConversimpleError} `definition_invalid`.
 */
export function conversationState<S extends Schema>(schema: S, options: ConversationStateOptions = {}): OutputOf<S> & object {
  return beforeTakeOver(new ConversationStatePart(schema, options));
}

/** Until a host takes the agent over, the field holds the part: reading or writing state there would be lost silently. */
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

class ConversationStatePart extends Part {
  readonly kind = "conversation state";
  readonly #schema: Schema;
  readonly #options: ConversationStateOptions;
  #slice: Slice | undefined;

  constructor(schema: Schema, options: ConversationStateOptions) {
    super();
    this.#schema = schema;
    this.#options = options;
    checkOptions(options);
    checkDefaults(schema);
    checkSecrets(schema);
  }

  override slice(): Slice {
    this.#slice ??= sliceOf(this.name, this.#schema, this.#options);
    return this.#slice;
  }

  override exposed(): unknown {
    return running(`this.${this.name}`).draft(this.slice());
  }
}

function sliceOf(name: string, schema: Schema, options: ConversationStateOptions): Slice {
  const schemaVersion = options.version ?? 1;
  const masks = masksOf(schema);
  // A key below something personal may be as personal as its value.
  const refused = (path: Path, reason: string) => new StateInvalidError(pathText(name, Mask.of(masks).along(path).path), reason);
  return {
    name,
    schemaVersion,
    maxBytes: options.maxBytes ?? STATE_MAX_BYTES,
    masks,
    initial: () => parsed(schema, {}),
    restore(stored, version) {
      const old = upgraded(name, stored, version, schemaVersion, options.upgrade);
      const value = parsed(schema, old);
      const dropped = droppedKey(old, value);
      if (dropped) throw new Error(`${pathText(name, dropped)} is stored, but the schema does not name it. Raise version, and move or delete it in upgrade: { ${schemaVersion}: (old) => ... }`);
      return value;
    },
    check(value) {
      const result = validate(schema, value);
      if (!result.ok) throw refused(result.issues[0]!.path, `is not valid: ${result.issues[0]!.reason}`);
      if (isSame(value, result.value)) return value;
      const dropped = droppedKey(value, result.value);
      if (dropped) throw refused(dropped, "is not valid: is not in the schema and would be lost");
      return copyOf(result.value);
    },
  };
}

/** A private copy, since a schema's defaults may be shared objects. */
function parsed(schema: Schema, value: unknown): unknown {
  const result = validate(schema, value);
  if (!result.ok) throw new Error(issuesText("state", result.issues));
  return copyOf(result.value);
}

function checkOptions({ maxBytes = STATE_MAX_BYTES, ...versions }: ConversationStateOptions): void {
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1 || maxBytes > RECORD_MAX_BYTES) throw definition(`maxBytes must be a whole number from 1 to ${RECORD_MAX_BYTES}`);
  const mistake = versionMistake(versions);
  if (mistake !== undefined) throw definition(mistake);
}

/** CS1; and a second pass must change nothing, since state is parsed again whenever it is read or written. */
function checkDefaults(schema: Schema): void {
  const first = validate(schema, {});
  if (!first.ok) throw definition(`a conversation begins with the schema's defaults, but ${issuesText("state", first.issues)}. Add .default(...) or .optional()`);
  if (typeof first.value !== "object" || first.value === null || Array.isArray(first.value)) throw definition("the schema is not an object schema");
  const second = validate(schema, copyOf(first.value));
  if (!second.ok || !isSame(first.value, second.value)) throw definition("the schema changes its own output when it is parsed again; move transforms into the tool");
}

function checkSecrets(schema: Schema): void {
  const secret = secretField("state", schema);
  if (secret) throw definition(`${secret} is marked secret. Secrets are not state: use them in the tool and let them go`);
}

function definition(reason: string): ConversimpleError {
  return new ConversimpleError("definition_invalid", `conversationState: ${reason}.`);
}
