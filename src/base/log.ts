// The logger port: a line is a sentence and a few facts.
//
//   L1. Fields are ids, codes, names and numbers, never values of state, arguments, results or keys.      (P21)
//   L2. A logger never throws.

/** Facts of one line (L1). Flat on purpose: an object would carry somebody's state along. */
export type LogFields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** Where lines go. `debug` is for frames and retries, `info` for life cycles, `warn` for what was survived. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

const nothing = (): void => {};

/** Says nothing: the default. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
