// The logger port on pino: one JSON object per line on standard output.
//
//   G1. pino is loaded when a logger is made, not when the package is imported.

import { ConversimpleError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";

const LEVELS = ["debug", "info", "warn", "error", "silent"] as const;

export type LogLevel = (typeof LEVELS)[number];

export interface LoggerOptions {
  /** The least important lines that are written; `CONVERSIMPLE_LOG_LEVEL`, else `info`. */
  readonly level?: string | undefined;
  /** Where lines go; standard output unless given. */
  readonly stream?: { write(line: string): void };
}

/** @throws {ConversimpleError} `option_invalid`: there is no such level. */
export async function pinoLogger({ level = process.env.CONVERSIMPLE_LOG_LEVEL ?? "info", stream }: LoggerOptions = {}): Promise<Logger> {
  if (!LEVELS.includes(level as LogLevel)) {
    throw new ConversimpleError("option_invalid", `There is no log level of that name. Use one of ${LEVELS.join(", ")}.`, { option: "level" });
  }
  const { pino } = await import("pino");
  const options = { level, base: { name: "conversimple" } };
  const logger: Logger = stream ? pino(options, stream) : pino(options);
  return logger;
}
