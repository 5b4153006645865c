// What the two processes of `dev` say to each other about the inspector: a question, and its one answer. Plain JSON.

import type { ErrorCode, ErrorFields } from "../../base/errors.ts";
import type { AgentDesk } from "../../inspector/desks.ts";

/** What may be asked: the members of the agents' desk. */
export const DESK_METHODS = ["agents", "caches", "offered", "edit", "signal", "editCustomer", "call", "end", "fork", "replay", "test"] as const satisfies readonly (keyof AgentDesk)[];

/** A member of the agents' desk. */
export type DeskMethod = (typeof DESK_METHODS)[number];

/** A question to the process of the agents. */
export interface DeskQuestion {
  readonly type: "ask";
  readonly id: number;
  readonly method: DeskMethod;
  readonly inputs: readonly unknown[];
}

/** Its answer. */
export type DeskAnswer =
  | { readonly type: "answer"; readonly id: number; readonly value: unknown }
  | { readonly type: "answer"; readonly id: number; readonly error: { readonly code: ErrorCode; readonly message: string; readonly fields: ErrorFields } };
