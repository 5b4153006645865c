// The TypeScript compiler as a child process: TypeScript 7 has no JavaScript API.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const compiler = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));

/** One finding of the compiler. */
export interface Diagnostic {
  /** As the compiler prints it: relative to `cwd`; empty for a finding about the project itself. */
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/**
 * Compiles a project without writing anything.
 *
 * @param project path of a tsconfig.json
 * @param cwd what the paths of the findings are relative to
 * @returns what the compiler found; empty when all is well
 * @throws {Error} The compiler failed without saying why.
 */
export function compile(project: string, cwd: string): Promise<readonly Diagnostic[]> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [compiler, "--project", project, "--noEmit", "--pretty", "false"], { cwd, maxBuffer: 64 << 20 }, (error, output, errors) => {
      const found = diagnosticsIn(output);
      if (error && found.length === 0) reject(new Error(`The compiler failed: ${output}${errors}`, { cause: error }));
      else resolve(found);
    });
  });
}

/** The findings in the compiler's output; an indented line goes on with the finding before it. */
export function diagnosticsIn(output: string): Diagnostic[] {
  const whole = output.replaceAll(/\n(?=\s+\S)/g, "\u0000");
  return whole.split("\n").flatMap((line) => {
    const match = /^(?:(.+?)\((\d+),\d+\): )?(error TS\d+: .*)$/.exec(line);
    return match ? [{ path: match[1] ?? "", line: Number(match[2] ?? 1), text: match[3]!.replaceAll("\u0000", "\n") }] : [];
  });
}
