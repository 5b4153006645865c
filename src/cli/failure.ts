// How a command fails: one clear line, a remedy, an exit code.
//
//   FA1. 0: done. 1: it could not be done. 2: it was asked for in the wrong way.
//   FA2. A stack is shown only when somebody asked for it.
//   FA3. A module that fails when it is loaded may say a key of the environment: it is not repeated.       (P21)

import { withoutKeys } from "./environment-keys.ts";
import { printable, type Terminal } from "./terminal.ts";

/** A failure that was foreseen: the message is all that there is to say. */
export class Failure extends Error {
  readonly exitCode: 1 | 2;
  /** What to do about it, as a line of its own. */
  readonly remedy: string | undefined;

  constructor(message: string, options: { exitCode?: 1 | 2; remedy?: string } & ErrorOptions = {}) {
    super(message, options);
    this.name = "Failure";
    this.exitCode = options.exitCode ?? 1;
    this.remedy = options.remedy;
  }
}

/** A wrong command line (FA1). */
export function misuse(message: string, remedy: string): Failure {
  return new Failure(message, { exitCode: 2, remedy });
}

/** Tells a failure on standard error; returns the exit code. */
export function tell(terminal: Terminal, thrown: unknown, isVerbose: boolean): number {
  const failure = thrown instanceof Failure ? thrown : undefined;
  terminal.complain(`${terminal.errorTone("bad", "conversimple:")} ${printable(withoutKeys(messageOf(thrown), thrown))}`);
  if (failure?.remedy) terminal.complain(terminal.errorTone("quiet", failure.remedy));
  if (isVerbose) terminal.complain(withoutKeys(stackOf(thrown), thrown));
  return failure?.exitCode ?? 1;
}

function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.message === "" ? thrown.name : thrown.message;
}

function stackOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return "";
  const cause = thrown.cause instanceof Error ? `\ncaused by ${stackOf(thrown.cause)}` : "";
  return `${thrown.stack ?? thrown.message}${cause}`;
}
