// What the data file keeps of a call's arguments: those that the tool's schema marks are never in it.          (P21)
//
// Owns what is masked, and how a repeated call is known when it is.
//
//   M1. Marked arguments are in memory only, until the call is answered. After a restart of the platform such a call waits until
//       somebody asks for it again, with its arguments.
//   M2. An argument that the schema does not declare can be anything: it is treated as personal. The agent refuses it. Of a tool that nobody has registered yet nothing is known: its arguments are kept whole when it is registered.
//   M3. What is masked is recognised by a digest, keyed with the API key, of all but the secrets.            (P5)

import { hash } from "node:crypto";

import { KeyedHash } from "../base/keyed-hash.ts";
import { marksIn, maskStep, type MaskPath } from "../base/marks.ts";
import { Mask, MASKED } from "../base/mask.ts";
import { isSameJson, sortedJson } from "./json-measure.ts";
import type { RegisteredTool } from "./known-tools.ts";

/** Arguments as they are kept. */
export interface KeptArguments {
  /** JSON, masked where `digest` is there. */
  readonly text: string;
  /** Undefined when the text is all that there is. */
  readonly digest: string | undefined;
}

/** The digest of arguments of which it is not known yet what of them is secret (M2). */
const UNKNOWN = "";

/** The arguments, at any depth, that a closed object schema does not name. */
function undeclared(schema: unknown, value: unknown, path: readonly string[] = []): MaskPath[] {
  if (typeof schema !== "object" || schema === null || typeof value !== "object" || value === null) return [];
  const { properties, additionalProperties, patternProperties, items } = schema as { properties?: object; additionalProperties?: unknown; patternProperties?: object; items?: unknown };
  if (Array.isArray(value)) return value.flatMap((item) => undeclared(items, item, [...path, "*"]));
  const isOpen = properties === undefined || patternProperties !== undefined || (additionalProperties !== undefined && additionalProperties !== false);
  return Object.entries(value).flatMap(([key, item]) => {
    const inner = [...path, maskStep(key)];
    if (properties && Object.hasOwn(properties, key)) return undeclared((properties as Record<string, unknown>)[key], item, inner);
    return isOpen ? undeclared(additionalProperties, item, inner) : [inner.join("/")];
  });
}

export class ArgumentKeeper {
  readonly #hash: KeyedHash;

  constructor(apiKey: string) {
    // A key of any length, for a hash that wants 16 bytes.
    this.#hash = new KeyedHash(hash("sha256", `arguments\n${apiKey}`, "base64url"));
  }

  /** What to keep of a call's arguments, by the tools that are registered (M1, M2). */
  kept(text: string, toolName: string, tools: readonly RegisteredTool[]): KeptArguments {
    const tool = tools.find(({ name }) => name === toolName);
    if (!tool) return { text: JSON.stringify(MASKED), digest: UNKNOWN };
    const input: unknown = JSON.parse(text);
    const places = [...marksIn(tool.parameters, ["pii", "secret"]), ...undeclared(tool.parameters, input)];
    if (places.length === 0) return { text, digest: undefined };
    return { text: JSON.stringify(Mask.of(places).shown(input)), digest: this.#digest(input, marksIn(tool.parameters, ["secret"])) };
  }

  /**
   * Whether arguments are those of a call (M3). Both have passed the check of their depth.
   *
   * @param clear the call's own arguments, as long as they are in memory.
   */
  isSame({ kept, clear }: { kept: KeptArguments; clear?: string | undefined }, text: string, toolName: string, tools: readonly RegisteredTool[]): boolean {
    if (kept.digest === undefined) return isSameJson(kept.text, text);
    // Nothing is known of what they were: those that come now are they.
    if (kept.digest === UNKNOWN) return clear === undefined || isSameJson(clear, text);
    return kept.digest === this.kept(text, toolName, tools).digest;
  }

  #digest(input: unknown, secrets: readonly MaskPath[]): string {
    return this.#hash.of("call", sortedJson(Mask.of(secrets).shown(input)));
  }
}
