// Values in the place of what must not be written down.

/**
 * A value that a schema accepts: `secret-1`, or what comes next to it.
 *
 * @param number tells several of them apart.
 * @param isFine whether the schema accepts it.
 */
export function placeholderFor(schema: unknown, number: number, isFine: (value: unknown) => boolean, word = "secret"): unknown {
  const first = `${word}-${number}`;
  return candidates(schema, number, first).find(isFine) ?? first;
}

function candidates(schema: unknown, number: number, first: string): readonly unknown[] {
  const { type, enum: choices, const: only, minLength, maxLength, minimum } = (schema ?? {}) as Readonly<Record<string, unknown>>;
  if (only !== undefined) return [only];
  if (Array.isArray(choices)) return choices;
  if (type === "number" || type === "integer") return [number, minimum, 1_000 + number, 0].filter((each) => each !== undefined);
  if (type === "boolean") return [true, false];
  const lengths = [minLength, maxLength].filter((length): length is number => typeof length === "number" && length <= 64);
  const digits = [...new Set([...lengths, 4, 6, 5, 8, 3, 10, 12, 16])].map((length) => String(number).padStart(length, "0"));
  const words = lengths.map((length) => first.padEnd(length, "x").slice(0, length));
  return [first, ...words, ...digits, `${first}@example.com`, `https://example.com/${first}`, "00000000-0000-4000-8000-000000000000", "2000-01-01"];
}
