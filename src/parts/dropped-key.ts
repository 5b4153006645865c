// What a schema drops without a word is refused, not lost.                                        (P8, P10)
//
// Owns the comparison of what a schema was given with what it kept.

/** The first key that a schema dropped in passing, such as zod's objects do with unknown keys. */
export function droppedKey(given: unknown, kept: unknown): (string | number)[] | undefined {
  if (given === kept || typeof given !== "object" || given === null || typeof kept !== "object" || kept === null) return undefined;
  if (given instanceof Map) return kept instanceof Map ? droppedKey([...given], [...kept]) : undefined;
  if (given instanceof Set) return kept instanceof Set ? droppedKey([...given], [...kept]) : undefined;
  const isList = Array.isArray(given);
  if (!isList && Object.getPrototypeOf(given) !== Object.prototype) return undefined;
  for (const key of Object.keys(given)) {
    const inner = (given as Record<string, unknown>)[key];
    if (typeof inner === "object" && inner !== null) {
      const found = Object.hasOwn(kept, key) ? droppedKey(inner, (kept as Record<string, unknown>)[key]) : [];
      if (found) return [isList ? Number(key) : key, ...found];
    } else if (inner !== undefined && !Object.hasOwn(kept, key)) return [isList ? Number(key) : key];
  }
  return undefined;
}
