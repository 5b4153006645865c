// What the build refuses of the inspector's page: too much to load at first, and what its policy would not run.

import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect, onTestFinished, test } from "vitest";

import { checkPage } from "../../scripts/console.ts";

const PAGE = '<!doctype html><script type="module" crossorigin src="./assets/main-1.js"></script><link rel="stylesheet" href="./assets/main-1.css">';
/** Code that no compression makes smaller. */
const code = (kib: number) => `export const x="${randomBytes(kib * 768).toString("base64")}";`;

function built(page: string, scripts: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(`${tmpdir()}/conversimple-page-`);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(`${folder}/assets`);
  writeFileSync(`${folder}/index.html`, page);
  for (const [name, text] of Object.entries(scripts)) writeFileSync(`${folder}/assets/${name}`, text);
  return folder;
}

test("a page of 150 KiB may be, one byte of code more may not, wherever it is imported from", () => {
  expect(() => checkPage(built(PAGE, { "main-1.js": code(140) }))).not.toThrow();
  expect(() => checkPage(built(PAGE, { "main-1.js": code(210) }))).toThrow(/KiB of gzipped JavaScript at first load, the limit is 150 KiB/);
  expect(() => checkPage(built(PAGE, { "main-1.js": `import{x}from"./part-2.js";${code(100)}`, "part-2.js": code(110) }))).toThrow(/the limit is 150 KiB/);
});

test("what is loaded later does not count", () => {
  expect(() => checkPage(built(PAGE, { "main-1.js": `const later=()=>import("./drawing-3.js");${code(10)}`, "drawing-3.js": code(400) }))).not.toThrow();
});

test.each([
  ["a script in the page", "<script>alert(1)</script>"],
  ["a style in the page", "<style>p{}</style>"],
  ["a style of an element", '<p style="color:red"></p>'],
  ["a handler of an element", '<img onerror="x()">'],
  ["something of another machine", '<link href="https://fonts.example/a.css">'],
])("%s is refused", (_, markup) => {
  expect(() => checkPage(built(PAGE + markup, { "main-1.js": "" }))).toThrow(/inline or from elsewhere/);
});
