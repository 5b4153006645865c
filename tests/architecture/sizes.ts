// How large a file and a function may be.

import { lineAt, place, walk } from "./source.ts";
import type { Rule, Source } from "./source.ts";

/** Lines of the longest file. */
export const MAX_FILE_LINES = 500;
/** Lines of the median file of `src`. */
export const MAX_MEDIAN_LINES = 120;
/** Lines of the longest function, from its first to its last. */
export const MAX_FUNCTION_LINES = 60;

/** Files that are too long. */
export const longFiles: Rule = (sources) =>
  sources
    .filter((source) => lines(source) > MAX_FILE_LINES)
    .map((source) => `${source.path}:1 has ${lines(source)} lines, the limit is ${MAX_FILE_LINES}; split it by what it owns`);

/** Whether the median file is too long. */
export const longMedian: Rule = (sources) => {
  const sorted = sources.map(lines).sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return median > MAX_MEDIAN_LINES ? [`the median file has ${median} lines, the limit is ${MAX_MEDIAN_LINES}`] : [];
};

/** Functions, methods and arrows that are too long. */
export const longFunctions: Rule = (sources) =>
  sources.flatMap((source) => {
    const found: string[] = [];
    walk(source.program, (node) => {
      if (node.type !== "FunctionDeclaration" && node.type !== "FunctionExpression" && node.type !== "ArrowFunctionExpression") return;
      const length = lineAt(source, node.end) - lineAt(source, node.start) + 1;
      if (length > MAX_FUNCTION_LINES) found.push(`${place(source, node)} is a function of ${length} lines, the limit is ${MAX_FUNCTION_LINES}`);
    });
    return found;
  });

function lines(source: Source): number {
  return source.text.trimEnd().split("\n").length;
}
