// What a benchmark says, and how times are summed up.

export interface Row {
  readonly name: string;
  readonly store: string;
  readonly conversations: number;
  readonly opsPerSecond: number;
  /** Milliseconds of one operation. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Share of what the raw driver does with the same durable write; null where there is none. */
  readonly ratioToRaw: number | null;
  /** Anything else that was measured, by name with its unit. */
  readonly also?: Readonly<Record<string, number>>;
}

/** The value below which a share of the times lies. */
export function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** A row from the times of single operations and the time of all. */
export function rowOf(name: string, store: string, conversations: number, times: readonly number[], wholeMs: number, also?: Row["also"]): Row {
  return {
    name,
    store,
    conversations,
    opsPerSecond: Math.round((times.length / wholeMs) * 1_000),
    p50Ms: round(quantile(times, 0.5)),
    p99Ms: round(quantile(times, 0.99)),
    ratioToRaw: null,
    ...(also ? { also } : {}),
  };
}

export function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
