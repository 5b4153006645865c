// The callers' door: who may ring, and which conversation a ringing line is for.
//
//   CD1. A line gets a conversation of its own, unless it names one that goes on, of the same agent.
//   CD2. With a signing token a signature is required of whoever has no key; a wrong signature is refused whatever else is right.
//   CD3. A conversation whose last line was lost ends a minute later, unless the caller came back. The same for those whose
//        lines were lost with the platform: a minute after it is back.

import type { Credentials } from "../credentials.ts";
import type { Deadline, Deadlines } from "../deadlines.ts";
import { PlatformRefusal } from "../refusal.ts";
import type { Talk } from "../talk/talk.ts";
import type { LineCall, LineWish, LineWorld } from "./relay-line.ts";
import { isSigned, signedUrls } from "./relay-signature.ts";

/** How long a lost caller is waited for, milliseconds. */
const LOST_MS = 60_000;

/** How callers show that they may. */
export interface CallerOptions {
  /** The token that Twilio signs with. */
  readonly signingToken: string | undefined;
  /** The address of this platform as Twilio knows it. */
  readonly publicUrl: string | undefined;
}

/** What arrives with a handshake. */
export interface Handshake {
  readonly signature: string | undefined;
  readonly authToken: string | undefined;
  readonly subprotocols: string | undefined;
  readonly authorization: string | undefined;
  readonly host: string;
  /** As it was sent. */
  readonly pathAndQuery: string;
}

/** What the door needs of the platform. */
export interface DoorContext {
  readonly credentials: Credentials;
  readonly deadlines: Deadlines;
  readonly maxBufferedBytes: number;
  /** Creates a conversation in which a caller rings, or finds it. */
  create(fields: { agentId: string; conversationId?: string; caller?: Readonly<Record<string, string>> }): Promise<{ conversationId: string }>;
  /** The agent of a conversation that goes on; undefined when there is none. */
  agentOf(conversationId: string): string | undefined;
  talk(conversationId: string, brain: string | undefined): Promise<Talk>;
  end(conversationId: string, reason: string): Promise<void>;
  report(error: unknown): void;
}

export class CallerLines {
  readonly #context: DoorContext;
  readonly #options: CallerOptions;
  /** Open lines by conversation. */
  readonly #open = new Map<string, number>();
  readonly #lost = new Map<string, Deadline>();

  constructor(context: DoorContext, options: CallerOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** CD2. */
  mayRing({ signature, authToken, subprotocols, authorization, host, pathAndQuery }: Handshake): boolean {
    const { signingToken, publicUrl } = this.#options;
    if (signingToken !== undefined && signature !== undefined) return isSigned(signature, signingToken, signedUrls(publicUrl, host, pathAndQuery));
    return this.#context.credentials.acceptsUpgrade(authToken, subprotocols, authorization);
  }

  /** The world of a line that rang at an address. @param query its parameters, which come before those of the call. */
  worldOf(query: Readonly<Record<string, string>>): LineWorld {
    const { deadlines, maxBufferedBytes } = this.#context;
    return {
      deadlines, maxBufferedBytes,
      report: (error) => this.#context.report(error),
      open: (wish) => this.#opened({ ...wish, parameters: { ...wish.parameters, ...query } }),
      left: (conversationId, isClean) => this.#left(conversationId, isClean),
    };
  }

  /** CD1. */
  async #opened({ parameters, call }: LineWish): Promise<LineCall> {
    const { agent: agentId, conversation, brain } = parameters;
    if (agentId === undefined) throw new PlatformRefusal(400, "invalid_parameters", "The line names no agent. Put it into the address (?agent=...) or into the call's custom parameters.");
    const known = conversation === undefined ? undefined : this.#context.agentOf(conversation);
    if (known !== undefined && known !== agentId) throw new PlatformRefusal(409, "option_invalid", "A conversation with this id exists for another agent. Use another one.");
    const { conversationId } = await this.#context.create({ agentId, ...(conversation === undefined ? {} : { conversationId: conversation }), ...(known === undefined ? { caller: call } : {}) });
    const talk = await this.#context.talk(conversationId, brain);
    this.#open.set(conversationId, (this.#open.get(conversationId) ?? 0) + 1);
    this.#found(conversationId);
    return { conversationId, talk };
  }

  #left(conversationId: string, isClean: boolean): void {
    const others = (this.#open.get(conversationId) ?? 1) - 1;
    if (others > 0) return void this.#open.set(conversationId, others);
    this.#open.delete(conversationId);
    if (isClean) return this.#hangUp(conversationId, "hangup");
    this.waitFor(conversationId);
  }

  /** Nobody is on the line of a conversation that goes on: its caller has a minute to come back (CD3). */
  waitFor(conversationId: string): void {
    this.#found(conversationId);
    this.#lost.set(conversationId, this.#context.deadlines.set(LOST_MS, () => {
      this.#lost.delete(conversationId);
      this.#hangUp(conversationId, "caller_lost");
    }));
  }

  #hangUp(conversationId: string, reason: string): void {
    if (this.#context.agentOf(conversationId) === undefined) return;
    this.#context.end(conversationId, reason).catch((error: unknown) => this.#context.report(error));
  }

  #found(conversationId: string): void {
    const lost = this.#lost.get(conversationId);
    if (lost) this.#context.deadlines.remove(lost);
    this.#lost.delete(conversationId);
  }
}
