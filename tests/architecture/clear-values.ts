// Who may read stored state in clear, of those that show something to people.                          (P21)
//
//   A8. The readers of stored texts give values in clear. In the folders that face people only the files named here use
//       them: they mask what they give, or show nothing of a value.

import { importsOf } from "./imports.ts";
import { place, walk } from "./source.ts";
import type { Rule, Source } from "./source.ts";

/** Who may read in clear, and why. */
export const MAY_READ_CLEAR: Readonly<Record<string, string>> = {
  "src/inspector/stored-parts.ts": "It gives parts with their masks, to those who mask or compare.",
  "src/inspector/timeline.ts": "It gives entries and results masked, and changes from `Changes`.",
  "src/inspector/host-desk.ts": "It reads what a page wrote, nothing that is stored.",
  "src/cli/state/conversations.ts": "It gives parts as `Shown`, and in clear to those who compare.",
  "src/cli/state/history.ts": "It gives entries masked, and changes from `Changes`.",
  "src/cli/state/watch.ts": "It tells `Changes` what was before.",
  "src/cli/call/state-window.ts": "It tells `Changes` what was before.",
  "src/cli/dev/committed-store.ts": "It gives the paths of changes, from `Changes`.",
  "src/cli/state/record-survey.ts": "It gives sizes.",
  "src/cli/state/quarantine/record-file.ts": "It reads a file that somebody wrote, to put it back.",
  "src/cli/state/quarantine/judgement.ts": "It tells whether a record can be read.",
  "src/cli/state/quarantine/past.ts": "It gives parts back to the store.",
};

const FACING = /^src\/(inspector|adapters|platform|cli)\//;

/** What gives values in clear, by the file that has it. */
const READERS: Readonly<Record<string, ReadonlySet<string>>> = {
  "src/state/record.ts": new Set(["openRecord", "openText", "openBody"]),
  "src/state/journal.ts": new Set(["openEntry"]),
  "src/state/history.ts": new Set(["partsAt"]),
  "src/base/codec.ts": new Set(["decode", "revive"]),
};

/** A8. */
export const clearValues: Rule = (sources) => sources.filter(({ path }) => FACING.test(path) && !(path in MAY_READ_CLEAR)).flatMap(breachesOf);

function breachesOf(source: Source): string[] {
  const found: string[] = [];
  const targets = new Map(importsOf(source).map(({ specifier, target }) => [specifier, target]));
  walk(source.program, (node) => {
    if (node.type === "ImportExpression") {
      const specifier = node.source.type === "Literal" ? String(node.source.value) : "";
      const target = targets.get(specifier);
      if (target && target in READERS) found.push(`${place(source, node)} imports all of ${target}, which reads state in clear`);
    }
    if (node.type !== "ImportDeclaration") return;
    const target = targets.get(node.source.value);
    const readers = target ? READERS[target] : undefined;
    for (const specifier of node.specifiers) {
      const name = specifier.type === "ImportSpecifier" ? (specifier.imported.type === "Identifier" ? specifier.imported.name : specifier.imported.value) : "*";
      if (readers && (name === "*" || readers.has(name))) found.push(`${place(source, node)} imports ${name} of ${target}, which gives state in clear; show it by src/base/shown.ts or src/state/masking.ts`);
    }
  });
  return found;
}
