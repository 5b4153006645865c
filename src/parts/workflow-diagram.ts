// A workflow as a picture: a Mermaid state diagram.
//
//   WG1. Whatever a step or a field is called, the diagram can be read: odd names are labels of plain ids.

import { targetsOf, type Definition } from "./workflow-definition.ts";

/** Names that would be read as words of the diagram's language. */
const WORDS = new Set(["end", "state", "note", "as", "class", "classdef", "style", "direction", "default", "fork", "join", "choice"]);

/**
 * The diagram: what leads where, and what is collected on the way.
 *
 * @param current a step to highlight.
 */
export function diagramOf({ steps, initial }: Definition, current: string | undefined): string {
  const names = Object.keys(steps);
  const ids = new Map(names.map((name, index) => [name, idOf(name, index)]));
  const lines = ["stateDiagram-v2"];
  for (const [name, id] of ids) if (id !== name) lines.push(`state "${escaped(name)}" as ${id}`);
  lines.push(`[*] --> ${ids.get(initial)!}`);
  for (const name of names) {
    const { to = [], needs = [], final, deadlineMs, onDeadline } = steps[name]!;
    to.forEach((target, index) => lines.push(edge(ids.get(name)!, ids.get(target)!, index === 0 ? needs.join(", ") : "")));
    if (typeof onDeadline === "string") lines.push(edge(ids.get(name)!, ids.get(onDeadline)!, `after ${durationText(deadlineMs!)}`));
    if (final ?? targetsOf(steps[name]!).length === 0) lines.push(`${ids.get(name)!} --> [*]`);
  }
  if (current !== undefined) lines.push("classDef current stroke-width:4px,font-weight:bold", `class ${ids.get(current)!} current`);
  return `${lines.map((line, index) => (index === 0 ? line : `    ${line}`)).join("\n")}\n`;
}

function edge(from: string, to: string, label: string): string {
  return `${from} --> ${to}${label === "" ? "" : ` : ${escaped(label)}`}`;
}

function idOf(name: string, index: number): string {
  const isPlain = /^[A-Za-z]\w*$/.test(name) && !/^step_\d+$/.test(name) && !WORDS.has(name.toLowerCase());
  return isPlain ? name : `step_${index + 1}`;
}

/** Everything that could mean something as Mermaid's character codes. */
function escaped(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N} _,.'-]/gu, (character) => `#${character.codePointAt(0)!};`);
}

const UNITS: readonly (readonly [ms: number, unit: string])[] = [[86_400_000, "d"], [3_600_000, "h"], [60_000, "min"], [1_000, "s"]];

/** `90000` as "90 s", `600000` as "10 min": the largest unit that needs no fraction. */
function durationText(ms: number): string {
  const [size, unit] = UNITS.find(([size]) => ms % size === 0) ?? [1, "ms"];
  return `${ms / size} ${unit}`;
}
