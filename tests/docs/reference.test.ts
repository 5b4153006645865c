import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { referencePages } from "../../scripts/reference.ts";

const folder = fileURLToPath(new URL("../../docs/reference/", import.meta.url));

test("the reference is what the docstrings say: npm run reference", () => {
  const pages = referencePages();
  expect(pages.size).toBe(4);
  for (const [file, page] of pages) expect(page, file).toBe(readFileSync(folder + file, "utf8"));
});

test("a page has every exported name with its docstring and its declaration", () => {
  const page = referencePages().get("conversimple.md")!;
  expect(page).toContain("## conversationState\n\nDeclares what a conversation remembers.");
  expect(page).toContain("- Throws `ConversimpleError` `definition_invalid`.");
  expect(page).toMatch(/```ts\nfunction conversationState</);
  expect(page).not.toMatch(/#private|\{@link/);
});
