// What a test sees of an agent's durable parts, with their types: by field, as they are stored.

import type { CustomerState } from "../parts/customer-state.ts";
import type { DurablePart } from "../parts/durable-part.ts";
import type { Session } from "../parts/session.ts";
import type { Workflow } from "../parts/workflow.ts";
import type { WorkflowData } from "../parts/workflow-definition.ts";
import type { Fields } from "../agent/parameters.ts";

/** Where a conversation is in a workflow. */
export interface StoredSteps<D extends Fields, Step extends string> {
  readonly step: Step;
  readonly data: WorkflowData<D>;
  /** When the step was entered, milliseconds since 1970; missing as long as the conversation is where it began. */
  readonly since?: number;
  /** Whether the step's deadline has passed without leaving it. */
  readonly isLate?: boolean;
}

/** Who is logged in; what is below `status` is there while somebody is. */
export interface StoredSession<User> {
  readonly status: "anonymous" | "authenticated" | "expired";
  readonly id?: string;
  readonly user?: User;
  /** The key of the account: a hash. */
  readonly account?: string;
  readonly startedAtMs?: number;
  readonly lastSeenMs?: number;
}

/** Who the conversation's customer is. What is remembered of them is in a record of theirs: ask a tool for it. */
export interface StoredCustomer {
  readonly id: string | null;
  readonly account?: string | null;
  readonly firstSeen?: Date;
  readonly lastInteraction?: Date | null;
  readonly lastConversation?: string | null;
}

/** What is stored of a part; nothing of what is none. */
type Stored<P> =
  P extends Workflow<infer D, infer Step> ? StoredSteps<D, Step>
  : P extends Session<infer _Input, infer User> ? StoredSession<User>
  : P extends CustomerState<infer _Profile> ? StoredCustomer
  : P extends DurablePart<infer Value> ? Value
  : never;

type StoredAs<Name, Field> = Name extends "state" ? Field : Stored<Field>;

/** The durable parts of an agent by field; of any agent, whatever parts there may be. */
export type StoredParts<A> = [keyof PartsOf<A>] extends [never] ? Readonly<Record<string, unknown>> : PartsOf<A>;

type PartsOf<A> = { readonly [Name in keyof A as [StoredAs<Name, A[Name]>] extends [never] ? never : Name]: StoredAs<Name, A[Name]> };
