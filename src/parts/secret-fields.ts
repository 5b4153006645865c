// Secrets are not state: a schema of something that is stored has none.                               (P21)
//
// Owns finding the mark, `.meta({ secret: true })`, in a schema that can be described.

import { pathText, type Path } from "../base/path.ts";
import { looseJsonSchemaOf, type Schema } from "../base/schema.ts";

/** Where a schema names a secret, as a path: `state.card.pin`; undefined when it names none. */
export function secretField(root: string, schema: Schema): string | undefined {
  const path = secretPath(looseJsonSchemaOf(schema), []);
  return path && pathText(root, path);
}

function secretPath(schema: unknown, path: Path): Path | undefined {
  if (typeof schema !== "object" || schema === null) return undefined;
  if ((schema as { secret?: unknown }).secret === true) return path;
  for (const [key, inner] of Object.entries(schema)) {
    if (isData(key)) continue;
    const isKeyword = ["properties", "items", "additionalProperties", "anyOf", "oneOf", "allOf", "$defs", "prefixItems"].includes(key);
    const found = secretPath(inner, isKeyword || Array.isArray(schema) ? path : [...path, key]);
    if (found) return found;
  }
  return undefined;
}

/** Keywords of JSON Schema whose content is a value, not a schema. */
function isData(keyword: string): boolean {
  return keyword === "default" || keyword === "examples" || keyword === "const" || keyword === "enum";
}
