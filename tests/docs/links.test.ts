// Every relative link of a document leads to a file that is there, and every picture is in the repository.

import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const documents = [...globSync("*.md", { cwd: root }), ...globSync("docs/**/*.md", { cwd: root }), ...globSync("examples/*/*.md", { cwd: root }), ...globSync("benchmarks/*.md", { cwd: root })].sort();

/** Targets of links and pictures, without those of code blocks. */
function linksOf(markdown: string): string[] {
  const prose = markdown.replaceAll(/^( *)(`{3,}).*?^\1\2/gms, "").replaceAll(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((found) => found[1]!);
}

function broken(document: string, markdown: string): string[] {
  const relative = linksOf(markdown).filter((link) => !/^([a-z]+:|#)/.test(link));
  return relative.filter((link) => !existsSync(join(root, dirname(document), link.replace(/#.*$/, "")))).map((link) => `${document} leads to ${link}`);
}

test("every link leads to a file", () => {
  expect(documents).toContain("docs/guide/README.md");
  expect(documents.flatMap((document) => broken(document, readFileSync(root + document, "utf8")))).toEqual([]);
});

test("a link that leads nowhere is found, one in code is not", () => {
  expect(broken("docs/a.md", "[x](gone.md) ![y](no.svg#z) [z](../README.md#top) [w](https://example.com) `[v](gone.md)`\n```sh\n[u](gone.md)\n```\n")).toEqual([
    "docs/a.md leads to gone.md",
    "docs/a.md leads to no.svg#z",
  ]);
});
