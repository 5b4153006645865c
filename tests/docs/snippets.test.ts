// Every snippet of README.md and docs/ compiles against the source, in a project like a user's.

import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compile } from "../types/compiler.ts";
import type { Diagnostic } from "../types/compiler.ts";
import { snippetsOf } from "./snippets.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const documents = ["README.md", ...globSync("docs/**/*.md", { cwd: root, exclude: ["docs/reference/**"] })].filter((path) => existsSync(root + path)).sort();
const project = mkdtempSync(`${tmpdir()}/conversimple-snippets-`);
let found: readonly Diagnostic[] = [];

/** Lays out a project whose packages are the repository's and whose `conversimple` is the source. */
function layOut(): void {
  symlinkSync(`${root}node_modules`, `${project}/node_modules`);
  cpSync(`${root}package.json`, `${project}/package.json`);
  const source = { conversimple: [`${root}src/index.ts`], "conversimple/*": [`${root}src/*/index.ts`] };
  const compilerOptions = { paths: source, types: ["node"], noUnusedLocals: false, noUnusedParameters: false };
  writeFileSync(`${project}/tsconfig.json`, JSON.stringify({ extends: `${root}tsconfig.json`, compilerOptions, include: ["*/*.ts"] }));
}

/** A document that must be found wrong, beside the real ones. */
const PLANTED = "planted.md";
const planted = "```ts\n// file: shop.ts\nexport const a = 1;\n```\n```ts\nimport { a } from \"./shop.ts\";\nconst b: string = a;\n```\n";

/** A document's folder in the project: its path in one name. */
function folderOf(document: string): string {
  return document.replaceAll(/[/.]/g, "-");
}

function write(document: string, markdown: string): void {
  mkdirSync(`${project}/${folderOf(document)}`);
  for (const { name, text } of snippetsOf(document, markdown)) writeFileSync(`${project}/${folderOf(document)}/${name}`, text);
}

/** What the compiler found in a document, each with its line there. */
function findingsIn(document: string): string[] {
  const own = found.filter(({ path }) => path.startsWith(`${folderOf(document)}/`));
  return own.map(({ line, text }) => `${document}:${line} ${text}`);
}

beforeAll(async () => {
  layOut();
  for (const document of documents) write(document, readFileSync(root + document, "utf8"));
  write(PLANTED, planted);
  found = await compile("tsconfig.json", project);
}, 120_000);

afterAll(() => {
  rmSync(project, { recursive: true, force: true });
});

test.each(documents)("the snippets of %s compile", (document) => {
  expect(findingsIn(document)).toEqual([]);
});

test("a snippet that does not compile is found on its line of the document", () => {
  expect(findingsIn(PLANTED)).toEqual([`${PLANTED}:7 error TS2322: Type 'number' is not assignable to type 'string'.`]);
});

test("the project of the snippets is sound", () => {
  expect(found.filter(({ path }) => path === "")).toEqual([]);
});
