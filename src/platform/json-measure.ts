// How big and how deep a JSON value from a stranger is.
//
//   J1. Nothing here recurses, so that no value can exhaust the stack; what passes is safe for code that does.

/** Deepest nesting that is passed on. Source: P9. */
export const MAX_JSON_DEPTH = 64;

/** The largest arguments and results, in UTF-8 bytes of compact JSON. Source: design 3, Limits. */
export const MAX_JSON_BYTES = 262_144;

/** Whether a value that came from JSON.parse is nested deeper than `limit` objects and arrays (J1). */
export function isDeeperThan(value: unknown, limit: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  let level: object[] = [value];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > limit) return true;
    const below: object[] = [];
    for (const container of level) {
      for (const item of Object.values(container) as unknown[]) {
        if (typeof item === "object" && item !== null) below.push(item);
      }
    }
    level = below;
  }
  return false;
}

/** Whether the text has more than `limit` bytes in UTF-8. */
export function isLongerThan(text: string, limit: number): boolean {
  return text.length > limit || (text.length * 3 > limit && Buffer.byteLength(text) > limit);
}

/** Whether two JSON texts say the same, whatever the order of their keys. Both have passed {@link isDeeperThan}. */
export function isSameJson(left: string, right: string): boolean {
  return left === right || sortedJson(JSON.parse(left)) === sortedJson(JSON.parse(right));
}

/** A text that is the same for the same JSON value, whatever the order of its keys. */
export function sortedJson(value: unknown): string {
  return JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return { "": entries.map(([key, item]) => [key, sorted(item)]) };
}
