// The time of the store, in SQL: the server's, unless a test brings its own.                              (S5)

/** Milliseconds since 1970; `parameter` is a bigint that is null when the server's clock counts. */
export function nowSql(parameter: string): string {
  return `coalesce(${parameter}::bigint, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)`;
}
