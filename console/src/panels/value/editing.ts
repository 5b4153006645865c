// What a tree needs in order to change a value: where its parts are edited, and what is said when somebody was faster.

import type { JsonSchema } from "../../../../src/host/host.ts";
import type { Patch } from "../../../../src/state/patch.ts";
import type { ApiFailure } from "../../lib/api-failure.ts";

/** What happened while somebody edited. */
export interface Conflict {
  /** The version that the conversation has now. */
  readonly version: number;
  /** What was changed meanwhile, in a line for each commit. */
  readonly lines: readonly string[];
}

export interface TreeEditing {
  /** The schema of the whole value, where it is known. */
  readonly schema: JsonSchema | undefined;
  /** The version that is edited: taken when an edit begins. */
  readonly version: number;
  /**
   * Sends steps to the server.
   *
   * @param expectedVersion refused with 409 when it is another by then; undefined writes over whatever there is.
   * @throws {ApiFailure} what the server refused.
   */
  readonly save: (patches: readonly Patch[], expectedVersion: number | undefined) => Promise<void>;
  /** What was changed since a version; undefined when the failure is another one. */
  readonly conflict: (failure: ApiFailure, sinceVersion: number) => Conflict | undefined;
}
