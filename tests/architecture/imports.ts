// What a file imports, in every way that a module can name another one.
//
//   A1. Type imports count like any other: `import type`, `import("./x.ts").X`.
//   A2. A worker's file counts: `new URL("./worker.ts", import.meta.url)`, also with the
//       running file's own ending: `./worker${ending}`.

import type { Node } from "oxc-parser";
import { place, walk } from "./source.ts";
import type { Source } from "./source.ts";

export interface Import {
  /** `path:line` of the importing place. */
  readonly at: string;
  readonly specifier: string;
  /** The repository path that a relative specifier names, null for a package. */
  readonly target: string | null;
}

/** Everything that a file imports (A1, A2). */
export function importsOf(source: Source): Import[] {
  const found: Import[] = [];
  walk(source.program, (node) => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) found.push({ at: place(source, node), specifier, target: resolve(source.path, specifier) });
  });
  return found;
}

function specifierOf(node: Node): string | undefined {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportAllDeclaration":
      return node.source.value;
    case "ExportNamedDeclaration":
      return node.source?.value;
    case "ImportExpression":
      return literal(node.source);
    case "TSImportType":
      return literal(node.source);
    case "NewExpression":
      return workerFile(node);
    default:
      return undefined;
  }
}

function workerFile(node: Node & { type: "NewExpression" }): string | undefined {
  if (node.callee.type !== "Identifier" || node.callee.name !== "URL") return undefined;
  const [file, base] = node.arguments;
  if (!file || base?.type !== "MemberExpression" || base.object.type !== "MetaProperty") return undefined;
  const path = file.type === "TemplateLiteral" ? `${file.quasis[0]?.value.cooked}.ts` : literal(file);
  return path?.endsWith(".ts") || path?.endsWith(".js") ? path.replace(/\.js$/, ".ts") : undefined;
}

function literal(node: Node): string | undefined {
  return node.type === "Literal" && typeof node.value === "string" ? node.value : undefined;
}

function resolve(from: string, specifier: string): string | null {
  if (!specifier.startsWith(".")) return null;
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}
