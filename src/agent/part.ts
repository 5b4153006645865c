// A part: a field of an agent that holds or guards state.
//
// Owns how a part joins its agent. Users write their own by extending `Part`.
//
//   PT1. A part is attached once, to one agent, under its field's name.
//   PT2. A part has no state of its own: what a conversation remembers lies in its slice or in `running().memory`.

import { ConversimpleError } from "../base/errors.ts";
import type { Slice } from "../state/slice.ts";
import type { Owner } from "../state/store.ts";
import { COUNTS, DESCRIBE, EDITED, TIDY, type CacheCounts, type PartDescription } from "./part-description.ts";
import { running, type Running } from "./running.ts";

/** A field of an agent that holds or guards state. */
export abstract class Part {
  #name: string | undefined;

  /** What the part is called in messages: "conversation state". */
  abstract readonly kind: string;

  /** The field's name; "" before the agent is taken over. */
  get name(): string {
    return this.#name ?? "";
  }

  /** Called by the agent's definition when a host takes the agent over (PT1). */
  attach(name: string): void {
    if (this.#name !== undefined && this.#name !== name) {
      throw new ConversimpleError("definition_invalid", `One ${this.kind} is used for the fields "${this.#name}" and "${name}". Declare one for each.`, { fields: [this.#name, name] });
    }
    this.#name = name;
  }

  /** How long the record of an ended conversation must stay for the part to work, milliseconds; the host warns when it goes sooner. */
  get needsRetentionMs(): number {
    return 0;
  }

  /** Called once after all parts of the agent are attached: where a part looks for another one that it works with. */
  joined(_parts: ReadonlyMap<string, Part>): void {}

  /** Runs at the start of every tool call's unit, before its guards. What it throws is the call's failure. */
  toolCalled?(): void;

  /**
   * When the part wants a unit of its own, milliseconds since 1970; undefined when it does not. Asked for after each
   * commit, with the committed value, and when a conversation is taken up.
   */
  dueAtMs?(value: unknown, createdAtMs: number): number | undefined;

  /** Runs in that unit, before any other that begins after the time. What it throws changes nothing; the next unit tries again. */
  due?(): void | Promise<void>;

  /**
   * A value that somebody changed by hand, as it is to be stored; the value as it is unless the part says otherwise.
   *
   * @throws {ConversimpleError} The value does not do.
   * @internal
   */
  [EDITED](after: unknown, _before: unknown): unknown {
    return after;
  }

  /** Runs in the last unit of a conversation, after the agent's own hook, whatever became of that. */
  conversationEnded?(reason: string): void | Promise<void>;

  /**
   * What it says of itself to an inspector, beside what its slice says.
   *
   * @internal
   */
  [DESCRIBE](): PartDescription {
    return { kind: "other" };
  }

  /**
   * What it did so far, where it counts that.
   *
   * @internal
   */
  [COUNTS](): CacheCounts | undefined {
    return undefined;
  }

  /**
   * Lets go of what it holds beside conversations and need not hold any more: what is too old, and what is of erased customers.
   * Called every minute, and after an erasure in this process. (P22)
   *
   * @internal
   */
  [TIDY](_erased: ReadonlySet<Owner>): void {}

  /** The part's share of the record, if it is durable. Asked for after `attach`. */
  slice(): Slice | undefined {
    return undefined;
  }

  /** What reading the field gives; the part itself unless it says otherwise. */
  exposed(): unknown {
    return this;
  }
}

/**
 * The unit of work that runs, for a member of a part: `login()` of a session.
 *
 * @throws {ConversimpleError} `no_conversation`; before the agent is taken over the part does not know its field's name.
 */
export function runningFor(part: Part, member: string): Running {
  if (part.name !== "") return running(`this.${part.name}.${member}`);
  throw new ConversimpleError("no_conversation", `"${member}" of a ${part.kind} was used before any conversation ran, for example in a field's initialiser or in the constructor. Use it in a tool or a hook; a service that needs it takes a function: () => this.<field>.${member}.`, { wanted: member });
}
