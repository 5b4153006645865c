// Placeholders in the place of what is personal in a recorded call, the same one wherever the same text stands.   (P21)
//
//   DG1. What a schema marks is replaced, and so is the same text elsewhere in what was recorded.
//   DG2. Only texts are: a number or a date in its place, or a text of a character or two, could not be told from another, and
//        is counted in `kept`.

import { DESCRIBE } from "../../agent/part-description.ts";
import type { AgentDefinition } from "../../agent/definition.ts";
import type { Recorded, RecordedOutcomes } from "../../agent/recorded.ts";
import { Mask } from "../../base/mask.ts";
import type { MaskPath } from "../../base/marks.ts";
import type { Act, Deed } from "../../host/replay/acts.ts";
import type { RecordedCall } from "../../host/replay/recorded-call.ts";
import { placeholderFor } from "../../host/replay/placeholders.ts";

/** Shorter texts stand for too much to be replaced wherever they stand. */
const LEAST = 3;

export class Disguise {
  readonly #agent: AgentDefinition;
  readonly #placeholders = new Map<string, string>();
  /** What schemas say themselves: names of fields, choices, defaults. They say nothing of anybody. */
  readonly #words = new Set<string>();
  /** Personal values that are no texts, or too short (DG2). */
  kept = 0;

  constructor(agent: AgentDefinition) {
    this.#agent = agent;
    for (const { parameters } of agent.tools.values()) wordsIn(parameters.jsonSchema, this.#words);
    for (const part of agent.parts.values()) wordsIn(part[DESCRIBE]().schema, this.#words);
  }

  /** How many texts have a placeholder. */
  get count(): number {
    return this.#placeholders.size;
  }

  /** Learns what is personal in a call. First the arguments, whose placeholders have to please a schema. */
  learn(acts: readonly Act[], { recorded, caller, seed = {} }: Pick<RecordedCall, "recorded" | "caller" | "seed">): void {
    for (const { deed } of acts) this.#learnDeed(deed);
    for (const { name, masks = [] } of this.#agent.slices) {
      this.#learn(seed[name]?.data, masks);
      for (const { step } of acts) this.#learn(step.after[name], masks);
    }
    for (const { step: { entry, result } } of acts) {
      if (result !== undefined && entry.unit === "tool") this.#learn(JSON.parse(result), this.#agent.tools.get(entry.name)?.resultMasks ?? []);
    }
    // No schema says what of it is personal: a number, a name.
    for (const value of Object.values(caller)) this.#learn(value, [""]);
    const user = this.#masksOf("session").flatMap((place) => (place === "user" ? [""] : place.startsWith("user/") ? [place.slice(5)] : []));
    const profile = this.#profile();
    for (const { logins = [], customers = [] } of Object.values(recorded)) {
      for (const login of logins) if (login.outcome === "accepted") this.#learn(login.user, user);
      for (const { found, left } of customers) {
        if (profile) this.#learn(found[profile.name], profile.masks);
        this.#learn(left, this.#agent.slices.find(({ name }) => name === "state")?.masks ?? []);
      }
    }
  }

  /** Whether a text shows something that should have a placeholder: the agent's code made it. */
  isShownIn(text: string): boolean {
    return [...this.#placeholders.keys()].some((clear) => text.includes(JSON.stringify(clear).slice(1, -1)));
  }

  /** A copy with placeholders (DG1). */
  of<T>(value: T): T {
    return replaced(value, (text) => this.#placeholders.get(text) ?? text) as T;
  }

  /** The same, also for texts that only have something personal in them: what an agent's code makes of placeholders. */
  within(value: unknown): unknown {
    // The longest first: one may be the beginning of another.
    const known = [...this.#placeholders].sort(([one], [other]) => other.length - one.length);
    return replaced(value, (text) => known.reduce((result, [clear, placeholder]) => result.replaceAll(clear, placeholder), text));
  }

  deed(deed: Deed): Deed {
    switch (deed.kind) {
      case "tool":
        return { ...deed, input: this.of(deed.input) };
      case "signal":
        return { ...deed, payload: this.of(deed.payload) };
      case "update":
        return { ...deed, changes: this.of(deed.changes) };
      case "edit":
        return { ...deed, patches: this.of(deed.patches) };
      default:
        return deed;
    }
  }

  outcomes(recorded: Recorded): Recorded {
    return Object.fromEntries(Object.entries(recorded).map(([name, outcomes]) => [name, this.of<RecordedOutcomes>(outcomes)]));
  }

  #learnDeed(deed: Deed): void {
    if (deed.kind === "update") this.#learn(deed.changes, this.#agent.slices.find(({ name }) => name === "state")?.masks ?? []);
    if (deed.kind === "edit") {
      const mask = Mask.of(this.#agent.slices.find(({ name }) => name === deed.part)?.masks);
      for (const patch of deed.patches) if (patch[0] === "set") this.#learnIn(patch[2], mask.along(patch[1]).mask);
    }
    if (deed.kind !== "tool") return;
    const parameters = this.#agent.tools.get(deed.tool)?.parameters;
    if (!parameters || typeof deed.input !== "object" || deed.input === null) return;
    const input = deed.input as Readonly<Record<string, unknown>>;
    const properties = parameters.jsonSchema.properties as Readonly<Record<string, unknown>> | undefined;
    for (const [name, value] of Object.entries(input)) {
      if (parameters.secrets.has(name)) continue;
      const isFine = (other: unknown) => parameters.parse({ ...input, [name]: other }).ok;
      this.#learnIn(value, Mask.of(parameters.masks).at(name), (number) => placeholderFor(properties?.[name], number, isFine, "personal"));
    }
  }

  #learn(value: unknown, masks: readonly MaskPath[]): void {
    this.#learnIn(value, Mask.of(masks));
  }

  #learnIn(value: unknown, mask: Mask, make: (number: number) => unknown = (number) => `personal-${number}`): void {
    if (mask.isEmpty || value === null || value === undefined) return;
    if (typeof value === "string") {
      if (!mask.isWhole || value === "" || this.#words.has(value)) return;
      if (value.length < LEAST) this.kept++;
      else if (!this.#placeholders.has(value)) this.#placeholders.set(value, String(make(this.#placeholders.size + 1)));
      return;
    }
    if (typeof value !== "object" || value instanceof Date || value instanceof Uint8Array) {
      if (mask.isWhole && typeof value !== "boolean") this.kept++;
      return;
    }
    const entries: Iterable<readonly [unknown, unknown]> = value instanceof Map ? value : value instanceof Set ? [...value].map((item) => [undefined, item] as const) : Object.entries(value);
    for (const [key, item] of entries) {
      if (mask.isWhole && typeof key === "string" && !Array.isArray(value)) this.#learnIn(key, mask);
      this.#learnIn(item, mask.isWhole ? mask : mask.at(typeof key === "string" || typeof key === "number" ? key : undefined));
    }
  }

  #masksOf(kind: string): readonly MaskPath[] {
    const part = [...this.#agent.parts.values()].find((each) => each[DESCRIBE]().kind === kind);
    return part?.slice()?.masks ?? [];
  }

  #profile(): { readonly name: string; readonly masks: readonly MaskPath[] } | undefined {
    const part = [...this.#agent.parts.values()].find((each) => each[DESCRIBE]().kind === "customer");
    return part && { name: part.name, masks: part[DESCRIBE]().masks ?? [] };
  }
}

/** The keywords of JSON Schema that hold values. */
const VALUES: ReadonlySet<string> = new Set(["enum", "const", "default", "examples"]);

function wordsIn(schema: unknown, words: Set<string>, isValue = false): void {
  if (typeof schema === "string" && isValue) words.add(schema);
  if (typeof schema !== "object" || schema === null) return;
  for (const [key, inner] of Object.entries(schema as Readonly<Record<string, unknown>>)) {
    if (key === "properties" && typeof inner === "object" && inner !== null) for (const name of Object.keys(inner)) words.add(name);
    wordsIn(inner, words, isValue || VALUES.has(key));
  }
}

/** A copy with every text, and every key, as `change` has it. */
function replaced(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((item) => replaced(item, change));
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [replaced(key, change), replaced(item, change)]));
  if (value instanceof Set) return new Set([...value].map((item) => replaced(item, change)));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [change(key), replaced(item, change)]));
}
