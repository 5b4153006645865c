// The floors of the house (ARCHITECTURE.md): who may import whom.
//
//   A3. A file imports from lower floors and from its own folder, from nothing else.
//   A4. No import cycle, not even of types.
//   A5. A face (`index.ts`) only re-exports; nobody inside imports the package's face or the face of its own folder.

import { importsOf } from "./imports.ts";
import { place } from "./source.ts";
import type { Rule } from "./source.ts";

/** The floor of each folder of `src`; folders of one floor do not know each other. */
const FLOORS: Readonly<Record<string, number>> = {
  base: 0,
  state: 1,
  wire: 1,
  stores: 2,
  agent: 2,
  parts: 3,
  host: 4,
  inspector: 5,
  adapters: 6,
  testing: 6,
  platform: 7,
  cli: 8,
};

const FACE = "src/index.ts";
/** The face shows what lies below the programs: it may import every floor up to the adapters. */
const FACE_FLOOR = FLOORS.adapters! + 1;

/** A3. */
export const floors: Rule = (sources) =>
  sources.flatMap((source) => {
    const folder = folderOf(source.path);
    const floor = floorOf(source.path);
    if (floor === undefined) return [`${source.path}:1 lies in src/${folder}, which has no floor`];
    return importsOf(source).flatMap(({ at, target }) => {
      if (target === null) return [];
      if (!target.startsWith("src/")) return [`${at} imports ${target}, which is outside of src`];
      if (folderOf(target) === folder && target !== FACE) return [];
      const below = floorOf(target);
      if (below !== undefined && below < floor) return [];
      return [`${at} (floor ${floor}) imports ${target} (floor ${below ?? "none"})`];
    });
  });

/** A4. Each cycle is reported once, from its first path in the alphabet. */
export const cycles: Rule = (sources) => {
  const edges = new Map(sources.map((source) => [source.path, importsOf(source).flatMap(({ target }) => target ?? [])]));
  const found = new Set<string>();
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) return void found.add(ringOf(trail.slice(start)));
    if (done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return [...found].map((ring) => `${ring} is an import cycle`);
};

/** A5. */
export const faces: Rule = (sources) =>
  sources.flatMap((source) => {
    const own = `src/${folderOf(source.path)}/index.ts`;
    const knocks = importsOf(source)
      .filter(({ target }) => target === FACE || target === own)
      .map(({ at, target }) => `${at} imports the face ${target}; import the file that owns the name`);
    if (!source.path.endsWith("/index.ts")) return knocks;
    const code = source.program.body.filter((node) => !isReExport(node));
    return [...knocks, ...code.map((node) => `${place(source, node)} is a face; it only re-exports`)];
  });

function isReExport(node: { readonly type: string; readonly source?: unknown }): boolean {
  return node.type === "ExportAllDeclaration" || (node.type === "ExportNamedDeclaration" && Boolean(node.source));
}

function folderOf(path: string): string {
  const [, folder, ...rest] = path.split("/");
  return rest.length > 0 ? folder! : "";
}

function floorOf(path: string): number | undefined {
  return path === FACE ? FACE_FLOOR : FLOORS[folderOf(path)];
}

/** The cycle as text, turned so that the smallest path is first: one cycle, one sentence. */
function ringOf(paths: readonly string[]): string {
  const first = paths.indexOf([...paths].sort()[0]!);
  const turned = [...paths.slice(first), ...paths.slice(0, first)];
  return [...turned, turned[0]].join(" -> ");
}
