// What an inspector is told when it is made.

import type { Clock } from "../base/clock.ts";
import type { Store } from "../state/store.ts";
import type { AgentDesk, TalkDesk } from "./desks.ts";

/** What an inspector works with. */
export interface InspectorOptions {
  /** The store to read; undefined when it is inside of another process. */
  readonly store: Store | undefined;
  /** The store's address without secrets, also where it cannot be read. */
  readonly address: string;
  /** Opens the API: whoever has it sees what is stored, masked. */
  readonly token: string;
  readonly mode: "dev" | "production";
  readonly version: string;
  readonly clock: Clock;
  /** What needs the agents' code; reading works without. */
  readonly desk?: AgentDesk | undefined;
  /** A platform beside it. */
  readonly talk?: TalkDesk | undefined;
  /** How an agent is called in a terminal beside this one, where somebody could. */
  readonly callCommand?: string | undefined;
  readonly canWrite: boolean;
  readonly canReveal: boolean;
  /** Keys the hashes of customers and accounts; asked for when it is needed, undefined when it is not known. */
  readonly secret?: (() => Promise<string | Uint8Array | undefined>) | undefined;
  /** Something unexpected went wrong; gets the error for the log. */
  readonly onFault: (error: unknown) => void;
}
