// A check of what differs: a value whose parts were checked before is not checked as a whole again.
//
// Owns the way through a schema beside a value and the committed value that it was made from. Says yes, or nothing: whoever
// hears no checks the whole, so every refusal, default and dropped field is the schema library's own.
//
//   PR1. Yes means: the schema takes the value and gives it back as it is. What is the same object, or the same text or
//        number, as in the committed value had that answer when it was committed.                          (P8)
//   PR2. A schema with a rule of its author's (`refine`, `transform`) is asked again about everything below it when
//        anything below it differs. What does not differ is not judged again, so such a rule must not depend on the time
//        or on anything else outside of the value.
//   PR3. Only schemas whose inside is known are taken apart: zod's objects, lists, records and what may be absent. All
//        others are asked as a whole.

import { validate, type Schema } from "../base/schema.ts";
import { isSame } from "../state/patch.ts";

/** Whether a value is valid and unchanged by its schema, given one that was (PR1). */
export type PartialCheck = (value: unknown, committed: unknown) => boolean;

/** Where nothing stood before: no value is the same as this, not even `undefined`. */
const NOTHING = Symbol("nothing");

/** What of zod's definitions is read. Source: `_zod.def` of zod 4, its documented way for libraries. */
interface ZodInside extends Schema {
  readonly _zod?: { readonly def: ZodDefinition };
}

interface ZodDefinition {
  readonly type: string;
  readonly checks?: readonly { readonly _zod: { readonly def: LengthCheck } }[];
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly element?: Schema;
  readonly keyType?: Schema;
  readonly valueType?: Schema;
  readonly innerType?: Schema;
}

interface LengthCheck {
  readonly check: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly length?: number;
}

type Fields = Readonly<Record<string, unknown>>;

/** Recursive schemas come back to themselves: made once, by schema. */
const MADE = new WeakMap<Schema, PartialCheck>();

/** The check of a schema. */
export function partialCheck(schema: Schema): PartialCheck {
  let inner: PartialCheck | undefined;
  let made = MADE.get(schema);
  if (made) return made;
  // Made when it is needed: zod's recursive schemas are complete only after their definition.
  made = (value, committed) => Object.is(value, committed) || (inner ??= takenApart(schema) ?? whole(schema))(value, committed);
  MADE.set(schema, made);
  return made;
}

function takenApart(schema: ZodInside): PartialCheck | undefined {
  const def = schema["~standard"].vendor === "zod" ? schema._zod?.def : undefined;
  if (!def) return undefined;
  if (def.type === "array" && def.element) return lists(partialCheck(def.element), def.checks ?? []);
  if (def.checks && def.checks.length > 0) return undefined;
  if (def.type === "object" && def.shape) return objects(def.shape, whole(schema));
  if (def.type === "record" && def.valueType && isAnyText(def.keyType)) return records(partialCheck(def.valueType));
  if ((def.type === "optional" || def.type === "default") && def.innerType) return present(undefined, partialCheck(def.innerType));
  if (def.type === "nullable" && def.innerType) return present(null, partialCheck(def.innerType));
  return undefined;
}

/** PR3, for all that is not taken apart. */
function whole(schema: Schema): PartialCheck {
  return (value) => {
    const result = validate(schema, value);
    return result.ok && isSame(value, result.value);
  };
}

/** The schema of a value that may be absent: what it is when it is there. */
function present(absent: null | undefined, inner: PartialCheck): PartialCheck {
  return (value, committed) => value !== absent && inner(value, committed);
}

/** Field by field where the fields are the same as before; else the object as a whole. */
function objects(shape: Readonly<Record<string, Schema>>, all: PartialCheck): PartialCheck {
  const checks = new Map(Object.entries(shape).map(([key, schema]) => [key, partialCheck(schema)]));
  return (value, committed) => {
    if (!isPlain(value) || !isPlain(committed)) return all(value, committed);
    const keys = Object.keys(value);
    if (keys.length !== Object.keys(committed).length || !keys.every((key) => checks.has(key) && Object.hasOwn(committed, key))) return all(value, committed);
    return keys.every((key) => checks.get(key)!(value[key], committed[key]));
  };
}

function records(inner: PartialCheck): PartialCheck {
  return (value, committed) => {
    if (!isPlain(value)) return false;
    const before = isPlain(committed) ? committed : {};
    return Object.keys(value).every((key) => inner(value[key], Object.hasOwn(before, key) ? before[key] : NOTHING));
  };
}

function lists(inner: PartialCheck, lengths: NonNullable<ZodDefinition["checks"]>): PartialCheck | undefined {
  const bounds = lengths.map((check) => bound(check._zod.def));
  if (!bounds.every((isWithin) => isWithin !== undefined)) return undefined;
  return (value, committed) => {
    if (!Array.isArray(value) || !bounds.every((isWithin) => isWithin(value.length))) return false;
    const before: readonly unknown[] = Array.isArray(committed) ? committed : [];
    // A list that became shorter holds what it held, at other places. A Set does not tell 0 from -0.
    const known = value.length < before.length ? new Set(before) : undefined;
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      const old = index < before.length ? before[index] : NOTHING;
      if (Object.is(item, old) || (item !== 0 && known?.has(item))) continue;
      if (!inner(item, old)) return false;
    }
    return true;
  };
}

/** A rule about a list's length; undefined for any other. */
function bound({ check, minimum = 0, maximum = Infinity, length = -1 }: LengthCheck): ((length: number) => boolean) | undefined {
  if (check === "min_length") return (found) => found >= minimum;
  if (check === "max_length") return (found) => found <= maximum;
  if (check === "length_equals") return (found) => found === length;
  return undefined;
}

/** `z.string()` without a rule: every key is one. */
function isAnyText(schema: ZodInside | undefined): boolean {
  const def = schema?._zod?.def;
  return def?.type === "string" && (def.checks ?? []).length === 0 && !("format" in def) && !("coerce" in def && def.coerce);
}

function isPlain(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
