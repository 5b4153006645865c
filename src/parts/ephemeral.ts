// Ephemeral: what one conversation needs in memory only - a client, a counter, a half-built answer.
//
//   EP1. One value per conversation, made on first use, gone with the conversation or the process.
//   EP2. Never stored, never rolled back: a tool that throws keeps its changes here.

import { Part, runningFor } from "../agent/part.ts";
import { ConversimpleError } from "../base/errors.ts";
import { DESCRIBE, type PartDescription } from "../agent/part-description.ts";

/** A value per conversation that is never stored. */
export interface Ephemeral<T> {
  /** @throws {ConversimpleError} `no_conversation` outside of a handler. */
  value: T;
}

/** Declares memory of a conversation that is not durable (EP1, EP2). @throws {ConversimpleError} `definition_invalid`. */
export function ephemeral<T>(initial: () => T): Ephemeral<T> {
  return new EphemeralPart(initial);
}

class EphemeralPart<T> extends Part implements Ephemeral<T> {
  readonly kind = "ephemeral";
  readonly #initial: () => T;

  constructor(initial: () => T) {
    super();
    if (typeof initial !== "function") throw new ConversimpleError("definition_invalid", "ephemeral: it takes a function that makes the value, one per conversation: ephemeral(() => initial).");
    this.#initial = initial;
  }

  override [DESCRIBE](): PartDescription {
    return { kind: "ephemeral" };
  }

  get value(): T {
    const { memory } = runningFor(this, "value");
    if (!memory.has(this)) memory.set(this, this.#initial());
    return memory.get(this) as T;
  }

  set value(value: T) {
    runningFor(this, "value").memory.set(this, value);
  }
}
