// A part's value under a schema: how it begins, is read back, and is checked before it is committed.
//
// Owns what conversation state and customer state have in common.
//
//   SS1. It begins with the schema's defaults; a schema without them is refused at definition.
//   SS2. What the schema refuses, or would drop without a word, is not committed.                      (P8)
//   SS3. An older value is upgraded step by step, then parsed, on reading. A missing step, or a stored field that the
//        schema does not name any more, quarantines it: nothing is dropped because somebody renamed a field. (P10)
//   SS4. A secret in the schema is refused at definition: secrets are not state.                       (P21)

import { ConversimpleError, StateInvalidError } from "../base/errors.ts";
import { masksOf, type MaskPath } from "../base/marks.ts";
import { Mask } from "../base/mask.ts";
import { optionMistakeText, type OptionNames } from "../base/option-names.ts";
import { pathText, type Path } from "../base/path.ts";
import { copyOf } from "../base/plain.ts";
import { issuesText, isSchema, looseJsonSchemaOf, validate, type JsonSchema, type Schema } from "../base/schema.ts";
import { shownIssues } from "../base/shown-issues.ts";
import { isSame } from "../state/patch.ts";
import { RECORD_MAX_BYTES } from "../state/record.ts";
import type { Slice } from "../state/slice.ts";
import { droppedKey } from "./dropped-key.ts";
import { partialCheck } from "./partial-check.ts";
import { upgraded, versionMistake, type Versions } from "./schema-versions.ts";
import { secretField } from "./secret-fields.ts";

/** The largest text of a value unless it says otherwise, UTF-8 bytes. Source: P9. */
export const STATE_MAX_BYTES = 65_536;

/** What can be told beside a schema. */
export interface SchemaSliceOptions extends Versions {
  /** The largest text, UTF-8 bytes; 65,536 unless given, at most 1,048,576. */
  readonly maxBytes?: number;
}

/** How a part is called when its definition is refused. */
export interface Subject {
  /** "conversationState". */
  readonly declaredWith: string;
  /** What begins with the defaults: "a conversation". */
  readonly whose: string;
  /** The first word of a path: "state". */
  readonly root: string;
}

/** The slice of the field `name`. */
export function schemaSlice(name: string, schema: Schema, options: SchemaSliceOptions): Slice {
  const schemaVersion = options.version ?? 1;
  const masks = masksOf(schema);
  // A key below something personal may be as personal as its value.
  const shown = (path: Path) => Mask.of(masks).along(path).path;
  const refused = (path: Path, reason: string) => new StateInvalidError(pathText(name, shown(path)), reason);
  const isStillValid = partialCheck(schema);
  return {
    name,
    schemaVersion,
    maxBytes: options.maxBytes ?? STATE_MAX_BYTES,
    masks,
    initial: () => parsed(schema, {}, masks),
    restore(stored, version) {
      const old = upgraded(name, stored, version, schemaVersion, options.upgrade);
      const value = parsed(schema, old, masks);
      const dropped = droppedKey(old, value);
      if (dropped) throw new Error(`${pathText(name, shown(dropped))} is stored, but the schema does not name it. Raise version, and move or delete it in upgrade: { ${schemaVersion}: (old) => ... }`);
      return value;
    },
    check(value, committed) {
      if (committed !== undefined && isStillValid(value, committed)) return value;
      const result = validate(schema, value);
      if (!result.ok) {
        const { path, reason } = shownIssues(result.issues.slice(0, 1), value, masks)[0]!;
        throw refused(path, `is not valid: ${reason}`);
      }
      if (isSame(value, result.value)) return value;
      const dropped = droppedKey(value, result.value);
      if (dropped) throw refused(dropped, "is not valid: is not in the schema and would be lost");
      return copyOf(result.value);
    },
  };
}

/** The JSON Schema of what a schema gives, where its library has one. */
export function schemaText(schema: Schema): { readonly schema?: JsonSchema } {
  const { $schema: _draft, ...described } = looseJsonSchemaOf(schema) ?? {};
  return Object.keys(described).length === 0 ? {} : { schema: described };
}

/** A private copy, since a schema's defaults may be shared objects. */
function parsed(schema: Schema, value: unknown, masks: readonly MaskPath[]): unknown {
  const result = validate(schema, value);
  if (!result.ok) throw new Error(issuesText("state", shownIssues(result.issues, value, masks)));
  return copyOf(result.value);
}

/** The names of what can be told beside a schema. */
export const SCHEMA_OPTIONS: OptionNames<SchemaSliceOptions> = { version: true, upgrade: true, maxBytes: true };

/**
 * @param known all that can be told, where that is more.
 * @throws {ConversimpleError} `definition_invalid`: what is wrong with a schema or what is told beside it (SS1, SS4).
 */
export function checkSchema(subject: Subject, schema: Schema, options: SchemaSliceOptions, known: Readonly<Record<string, true>> = SCHEMA_OPTIONS): void {
  if (!isSchema(schema)) throw definition(subject, "it takes one object schema. Write for example z.object({ name: z.string().default(\"\") })");
  const unknown = optionMistakeText(options, known);
  if (unknown !== undefined) throw definition(subject, unknown);
  const { maxBytes = STATE_MAX_BYTES, ...versions } = options;
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1 || maxBytes > RECORD_MAX_BYTES) throw definition(subject, `maxBytes must be a whole number from 1 to ${RECORD_MAX_BYTES}`);
  const mistake = versionMistake(versions);
  if (mistake !== undefined) throw definition(subject, mistake);
  checkDefaults(subject, schema);
  const secret = secretField(subject.root, schema);
  if (secret) throw definition(subject, `${secret} is marked secret. Secrets are not state: use them in the tool and let them go`);
}

/** SS1; and a second pass must change nothing, since a value is parsed again whenever it is read or written. */
function checkDefaults(subject: Subject, schema: Schema): void {
  const first = validate(schema, {});
  if (!first.ok) throw definition(subject, `${subject.whose} begins with the schema's defaults, but ${issuesText(subject.root, first.issues)}. Add .default(...) or .optional()`);
  if (typeof first.value !== "object" || first.value === null || Array.isArray(first.value)) throw definition(subject, "the schema is not an object schema");
  const second = validate(schema, copyOf(first.value));
  if (!second.ok || !isSame(first.value, second.value)) throw definition(subject, "the schema changes its own output when it is parsed again; move transforms into the tool");
}

/** The error of a part that cannot be. */
export function definition({ declaredWith }: Subject, reason: string): ConversimpleError {
  return new ConversimpleError("definition_invalid", `${declaredWith}: ${reason}.`);
}
