// What a user of the package sees: the declarations behind its entry points.
//
//   A9. Every name that an entry point exports has a docstring at its declaration.
//   A10. No built declaration says `any`, written or inferred.

import type { Node } from "oxc-parser";
import { importsOf } from "./imports.ts";
import { place, walk } from "./source.ts";
import type { Rule, Source } from "./source.ts";

/** The public entry points, as in the `exports` of package.json. */
export const ENTRY_POINTS = ["src/index.ts", "src/stores/index.ts", "src/testing/index.ts", "src/platform/index.ts"];

/** A9, for those of `sources` that are entry points; the others are where their names lead. */
export const undocumented: Rule = (sources) => {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const breaches = ENTRY_POINTS.flatMap((entry) => namesOf(entry, byPath).flatMap((name) => check(name, entry, byPath)));
  return [...new Set(breaches)];
};

/** A10, on declaration files (`dist/**\/*.d.ts`). */
export const anys: Rule = (sources) =>
  sources.flatMap((source) => {
    const found: string[] = [];
    walk(source.program, (node) => {
      if (node.type === "TSAnyKeyword") found.push(`${place(source, node)} says any`);
    });
    return found;
  });

type Sources = ReadonlyMap<string, Source>;
/** Where a name is declared: in which file, under which local name. */
export interface Declared {
  readonly path: string;
  readonly name: string;
  /** What it is exported as. */
  readonly as: string;
}

/** Everything that a module exports, followed to where it is declared. */
export function namesOf(path: string, sources: Sources): Declared[] {
  const source = sources.get(path);
  if (!source) return [];
  return source.program.body.flatMap((node): Declared[] => {
    if (node.type === "ExportAllDeclaration") return namesOf(targetOf(source, node), sources);
    if (node.type !== "ExportNamedDeclaration") return [];
    if (node.declaration) return declaredBy(node.declaration).map((name) => ({ path, name, as: name }));
    const from = node.source ? targetOf(source, node) : path;
    return node.specifiers.flatMap((each) => {
      if (each.local.type !== "Identifier" || each.exported.type !== "Identifier") return [];
      return [{ ...follow({ path: from, name: each.local.name }, sources), as: each.exported.name }];
    });
  });
}

/** The statements that declare a name; overloads are several. */
export function declarationsOf({ path, name }: Omit<Declared, "as">, sources: Sources): Node[] {
  return (sources.get(path)?.program.body ?? []).filter((node) => declaredBy(inner(node)).includes(name));
}

/** Goes on through re-exports and imports until the declaration. */
function follow(name: Omit<Declared, "as">, sources: Sources): Omit<Declared, "as"> {
  const source = sources.get(name.path);
  for (const node of source?.program.body ?? []) {
    if (node.type === "ImportDeclaration") {
      const found = node.specifiers.find((each) => each.type === "ImportSpecifier" && each.local.name === name.name);
      if (found?.type !== "ImportSpecifier" || found.imported.type !== "Identifier") continue;
      return follow({ path: targetOf(source!, node), name: found.imported.name }, sources);
    }
    if (node.type !== "ExportNamedDeclaration" || !node.source) continue;
    const found = node.specifiers.find((each) => each.exported.type === "Identifier" && each.exported.name === name.name);
    if (found?.local.type === "Identifier") return follow({ path: targetOf(source!, node), name: found.local.name }, sources);
  }
  return name;
}

function check({ path, name }: Declared, entry: string, sources: Sources): string[] {
  const source = sources.get(path);
  if (!source) return [`${entry}:1 exports ${name}, whose declaration is not in src`];
  const declarations = declarationsOf({ path, name }, sources);
  if (declarations.length === 0) return [`${path}:1 has no declaration of ${name}, which ${entry} exports`];
  // Overloads: one docstring is enough.
  if (declarations.some((node) => hasDocstring(source, node))) return [];
  return [`${place(source, declarations[0]!)} exports ${name} by ${entry} without a docstring`];
}

function inner(node: Node): Node {
  return node.type === "ExportNamedDeclaration" && node.declaration ? node.declaration : node;
}

function declaredBy(node: Node): string[] {
  if (node.type === "VariableDeclaration") return node.declarations.flatMap(({ id }) => (id.type === "Identifier" ? [id.name] : []));
  if ("id" in node && node.id && node.id.type === "Identifier") return [node.id.name];
  return [];
}

function hasDocstring(source: Source, node: Node): boolean {
  return docstringOf(source, node) !== undefined;
}

/** The block comment that begins with two stars and ends right before the declaration. */
export function docstringOf(source: Source, node: Node): string | undefined {
  return source.comments.find(
    (comment) =>
      comment.type === "Block" &&
      /^\*[\s*]*[^\s*]/.test(comment.value) &&
      comment.end <= node.start &&
      source.text.slice(comment.end, node.start).trim() === "",
  )?.value;
}

function targetOf(source: Source, node: Node): string {
  const found = importsOf(source).find((each) => each.at === place(source, node));
  return found?.target ?? found?.specifier ?? "";
}
