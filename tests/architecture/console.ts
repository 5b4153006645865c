// What the page may know of the package.
//
//   A11. The page imports nothing of the package but types, and those only of the inspector's interface and of what its
//        shapes are made of.

import type { Node } from "oxc-parser";
import { importsOf } from "./imports.ts";
import { place, walk } from "./source.ts";
import type { Rule } from "./source.ts";

/** The interface, and the files whose types stand in it. */
const MAY_KNOW = new Set(["src/inspector/api.ts", "src/base/marks.ts", "src/base/path.ts", "src/host/host.ts", "src/state/journal.ts", "src/state/patch.ts", "src/state/store.ts"]);

/** A11. */
export const pageImports: Rule = (sources) =>
  sources.flatMap((source) => {
    const typeOnly = new Set<string>();
    walk(source.program, (node: Node) => {
      if (node.type === "ImportDeclaration" && node.importKind === "type") typeOnly.add(place(source, node));
    });
    return importsOf(source).flatMap(({ at, target }) => {
      if (target === null || target.startsWith("console/")) return [];
      if (!MAY_KNOW.has(target)) return [`${at} imports ${target}; the page knows only the inspector's interface`];
      return typeOnly.has(at) ? [] : [`${at} imports ${target} as code; the page takes only types`];
    });
  });
