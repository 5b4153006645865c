// A durable part of one's own: a value under a schema, in the conversation's record, with whatever members its class gives it.
//
//   DP1. It lives as conversation state does: its draft is committed with the unit or thrown away, checked, versioned, masked
//        and bounded alike.                                                                        (P3, P8..P10, P21)
//   DP2. Outside of a handler there is no value: a typed error, never somebody else's.               (D)

import { Part, runningFor } from "../agent/part.ts";
import { DESCRIBE, type PartDescription } from "../agent/part-description.ts";
import type { Schema } from "../base/schema.ts";
import type { Slice } from "../state/slice.ts";
import { checkSchema, schemaSlice, schemaText, type SchemaSliceOptions } from "./schema-slice.ts";

/**
 * The base of a part of your own that is stored with the conversation. The class gives it a `kind` and its members:
 *
 * ```ts
 * class Notes extends DurablePart<{ lines: string[] }> {
 *   readonly kind = "notes";
 *   constructor() { super(z.object({ lines: z.array(z.string()).default([]) })); }
 *   add(line: string) { this.value.lines.push(line); }
 * }
 * ```
 *
 * With `refusal()` it is a guard for `requires` too; see `Part` for what else a part can take part in.
 */
export abstract class DurablePart<Value extends object> extends Part {
  readonly #schema: Schema<unknown, Value>;
  readonly #options: SchemaSliceOptions;
  #slice: Slice | undefined;

  /**
   * @param schema an object schema; every required root field needs a default.
   * @throws {ConversimpleError} `definition_invalid`, naming the class.
   */
  constructor(schema: Schema<unknown, Value>, options: SchemaSliceOptions = {}) {
    super();
    checkSchema({ declaredWith: new.target.name || "a durable part", whose: "a conversation", root: "value" }, schema, options);
    this.#schema = schema;
    this.#options = options;
  }

  /**
   * The value of the conversation that runs: a draft to read and mutate, deeply read-only in a parallel tool.
   *
   * @throws {ConversimpleError} `no_conversation` outside of a handler.
   */
  protected get value(): Value {
    return runningFor(this, "value").draft(this.slice()) as Value;
  }

  /** Puts a whole value in the place of the present one. @throws {ConversimpleError} `read_only` in a parallel tool. */
  protected set value(value: Value) {
    runningFor(this, "value").replace(this.slice(), value);
  }

  /** @internal */
  override [DESCRIBE](): PartDescription {
    return { ...super[DESCRIBE](), ...schemaText(this.#schema) };
  }

  override slice(): Slice {
    this.#slice ??= schemaSlice(this.name, this.#schema, this.#options);
    return this.#slice;
  }
}
