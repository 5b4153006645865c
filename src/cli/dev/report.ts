// What the process of the agents tells the process that watches over it. Ids, names and numbers; an error's text only
// in `threw`, since a developer at the terminal is who it is for.

import type { Outcome } from "../outcome.ts";

/** An agent that is served. */
export interface ServedAgent {
  readonly id: string;
  readonly tools: readonly string[];
}

export type Report =
  /** Files that were loaded: what to watch. */
  | { readonly type: "loaded"; readonly files: readonly string[] }
  /** Joined the platform. */
  | { readonly type: "ready"; readonly agents: readonly ServedAgent[]; readonly refused: readonly string[] }
  /** Could not start. `isFinal`: no change of a file will help. */
  | { readonly type: "failed"; readonly message: string; readonly remedy?: string | undefined; readonly stack?: string | undefined; readonly isFinal: boolean }
  | Committed
  /** A handler threw something that its caller does not hear. */
  | { readonly type: "threw"; readonly message: string; readonly places: readonly string[]; readonly reference?: string | undefined; readonly stack?: string | undefined }
  | { readonly type: "log"; readonly level: "debug" | "warn" | "error"; readonly message: string; readonly fields: Readonly<Record<string, unknown>> };

/** One commit of a conversation. */
export interface Committed {
  readonly type: "committed";
  readonly conversationId: string;
  readonly name: string;
  readonly callId?: string | undefined;
  readonly outcome: Outcome;
  /** How long the unit ran, milliseconds. */
  readonly ms: number;
  /** What changed: `state.cart[0]`. */
  readonly paths: readonly string[];
}

/** Where the process of the agents finds its {@link WorkerSettings}: arguments can be seen by every user of a machine. */
export const SETTINGS_VARIABLE = "CONVERSIMPLE_DEV_WORKER";

/** How the process of the agents is told what to do, as JSON in its environment, like the key. */
export interface WorkerSettings {
  readonly paths: readonly string[];
  readonly store: string;
}
