// What the journal of a development host has beside the rest, so that a call can be run again. Values as texts of the codec.

/** What a cache gave. */
export interface RecordedText {
  /** The cache's field. */
  readonly part: string;
  /** The value; absent when it was not kept, or there was none. */
  readonly text?: string;
  readonly cached?: boolean;
  readonly ageMs?: number;
  readonly failed?: boolean;
}

/** What is recorded of one unit. */
export interface RecordedUnit {
  /** When it began, milliseconds since 1970. */
  readonly atMs: number;
  readonly caches?: readonly RecordedText[];
  /** Whom accepted logins gave, in order; null for one that was not kept. */
  readonly logins?: readonly (string | null)[];
  /** What a signal carried. */
  readonly payload?: string;
  /** What the platform said of the caller, with the first unit. */
  readonly caller?: string;
}
