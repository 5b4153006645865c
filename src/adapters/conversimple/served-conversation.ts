// One conversation that the platform told us of: from its announcement to its end.
//
// Owns when the host opens and closes it and when its tools are registered. The host owns its state.
//
//   V1. `host.open` runs for one announcement at a time; further ones change nothing while it runs.
//   V2. The platform's end is told to the host once, whoever has the conversation: its process may be dead.   (P12)
//   V3. Tools are registered after every join of the conversation's line, and when it is announced again.
//   V4. A conversation that another process holds is tried again when its lease ends, unless it ended meanwhile. Our clock
//       may be hours off the store's: what it makes of the lease's end is believed within bounds.

import type { Timer } from "../../base/clock.ts";
import { type ErrorCode, codeOf } from "../../base/errors.ts";
import type { Caller, Opened } from "../../host/host.ts";
import type { Line, LineContext } from "./line.ts";

/** What this join's line was told: nothing, once, a second time to be sure, or something that it confirmed. */
type Registered = "no" | "once" | "again" | "confirmed";

type Phase =
  | { readonly kind: "opening" }
  /** Another process has it, or the store did not answer. */
  | { readonly kind: "held"; readonly timer: Timer }
  | { readonly kind: "serving"; readonly line: Line; readonly isOwnLine: boolean; registered: Registered }
  /** The host serves it, but its line is gone; the next announcement makes a new one. */
  | { readonly kind: "unlinked" }
  | { readonly kind: "over" };

export interface ConversationOptions {
  readonly id: string;
  readonly agentId: string;
  readonly caller: Caller | undefined;
  readonly context: LineContext;
  /** The line that all share; without it the conversation gets its own. */
  readonly sharedLine: Line | undefined;
  /** Makes and starts the conversation's own line. */
  readonly newLine: (conversation: ServedConversation) => Line;
  /** It is over here: forget it. */
  onOver(): void;
}

/** How long to wait at most for the end of a lease, milliseconds. Source: the lease of P15. */
const HELD_MOST_MS = 10_000;
/** How long to wait for a lease that is over by our clock and not by the store's, milliseconds. */
const HELD_LEAST_MS = 500;
/** Added to a lease's end, so that waiting processes do not all come at once; milliseconds. */
const HELD_JITTER_MS = 500;
/** How long to wait at most when the store does not answer, milliseconds; half of it is jitter. */
const UNAVAILABLE_RETRY_MS = 2_000;

export class ServedConversation {
  readonly #options: ConversationOptions;
  #phase: Phase = { kind: "opening" };
  /** The reason of an end that was reported while it was being opened. */
  #endReason: string | undefined;

  constructor(options: ConversationOptions) {
    this.#options = options;
    void this.#open();
  }

  get isServed(): boolean {
    return this.#phase.kind === "serving" || this.#phase.kind === "unlinked";
  }

  /** `conversation_ready`: also sent again when the platform lost the registration. */
  announced(): void {
    const phase = this.#phase;
    if (phase.kind === "opening" || phase.kind === "over" || this.#endReason !== undefined) return;
    if (phase.kind === "held") phase.timer.cancel();
    if (phase.kind === "serving") return this.register();
    void this.#open();
  }

  /** A start was heard: a platform that replies to nothing may have taken no tools before it. Once more, then. */
  heardStart(): void {
    if (this.#phase.kind === "serving" && this.#phase.registered === "once") this.register();
  }

  /**
   * The conversation's line joined: what the platform knew of it is gone (V3). Registered after what came with the
   * reply to the join, so that an announcement there does not ask for a second registration.
   */
  joined(): void {
    if (this.#phase.kind !== "serving") return;
    this.#phase.registered = "no";
    queueMicrotask(() => this.register());
  }

  /** Registers the tools as they are now, if the line is joined. */
  register(): void {
    const phase = this.#phase;
    if (phase.kind !== "serving" || phase.line.state !== "joined") return;
    phase.registered = phase.registered === "no" ? "once" : "again";
    void phase.line.register(this.#options.id).then((isConfirmed) => {
      if (isConfirmed) phase.registered = "confirmed";
    });
  }

  /** The conversation's own line came to its end; the host goes on serving. */
  lineEnded(): void {
    if (this.#phase.kind === "serving") this.#phase = { kind: "unlinked" };
  }

  /** The platform reports the end (V2). */
  ended(reason: string): void {
    const phase = this.#phase;
    if (phase.kind === "over" || this.#endReason !== undefined) return;
    this.#endReason = reason;
    if (phase.kind === "held") phase.timer.cancel();
    if (phase.kind !== "opening") void this.#close(reason);
  }

  /** The host does not serve it any more, or the link stops: its own line is left. */
  gone(): void {
    this.#over();
  }

  async #open(): Promise<void> {
    this.#phase = { kind: "opening" };
    const { id, agentId, caller, context } = this.#options;
    try {
      this.#opened(await context.host.open(id, { agentId, ...(caller === undefined ? {} : { caller }) }));
    } catch (error) {
      this.#failed(codeOf(error));
    }
  }

  #opened(opened: Opened): void {
    if (this.#phase.kind !== "opening") return;
    if (opened.kind === "ended") return this.#over();
    if (this.#endReason !== undefined) return void this.#close(this.#endReason);
    const { clock, random } = this.#options.context;
    if (opened.kind === "held") return this.#tryAgain(heldFor(opened.untilMs - clock.now()) + random() * HELD_JITTER_MS);
    const { sharedLine, newLine } = this.#options;
    const line = sharedLine ?? newLine(this);
    this.#phase = { kind: "serving", line, isOwnLine: sharedLine === undefined, registered: "no" };
    this.register();
  }

  #failed(code: ErrorCode | undefined): void {
    if (this.#phase.kind !== "opening") return;
    const { context, id } = this.#options;
    context.log.warn({ conversationId: id, code }, "the conversation could not be opened");
    if (this.#endReason !== undefined) return void this.#close(this.#endReason);
    if (code === "state_unavailable") {
      return this.#tryAgain((UNAVAILABLE_RETRY_MS * (1 + context.random())) / 2);
    }
    context.stats.ignored.conversation_refused++;
    this.#over();
  }

  #tryAgain(delayMs: number): void {
    this.#phase = { kind: "held", timer: this.#options.context.clock.after(delayMs, () => void this.#open()) };
  }

  async #close(reason: string): Promise<void> {
    const { context, id } = this.#options;
    try {
      await context.host.close(id, reason);
    } catch (error) {
      context.log.warn({ conversationId: id, code: codeOf(error) }, "the conversation could not be ended yet; it is tried again");
    }
    this.#over();
  }

  #over(): void {
    const phase = this.#phase;
    if (phase.kind === "over") return;
    this.#phase = { kind: "over" };
    if (phase.kind === "held") phase.timer.cancel();
    this.#options.onOver();
    if (phase.kind === "serving" && phase.isOwnLine) void phase.line.leave();
  }
}

/** V4. */
function heldFor(leftMs: number): number {
  return leftMs > 0 ? Math.min(leftMs, HELD_MOST_MS) : HELD_LEAST_MS;
}
