import { expect, test } from "vitest";
import { snippetsOf } from "./snippets.ts";

const fence = "```";

test("a block is a file whose lines are numbered as in the document", () => {
  const [file] = snippetsOf("a.md", `# Title\n\n${fence}ts\nconst a = 1;\n${fence}\n`);
  expect(file).toEqual({ name: "line-4.ts", text: "\n\n\nconst a = 1;\n" });
});

test("a named block is a file that later blocks can import and go on with", () => {
  const markdown = `${fence}ts\n// file: shop.ts\nexport const a = 1;\n${fence}\ntext\n${fence}ts\nimport { a } from "./shop.ts";\n${fence}\n${fence}ts\n// file: shop.ts\nexport const b = a;\n${fence}\n`;
  const files = snippetsOf("a.md", markdown);
  expect(files.map(({ name }) => name)).toEqual(["shop.ts", "line-7.ts"]);
  expect(files[0]!.text.split("\n")[2]).toBe("export const a = 1;");
  expect(files[0]!.text.split("\n")[10]).toBe("export const b = a;");
});

test("an indented block loses its indent", () => {
  expect(snippetsOf("a.md", `- item\n  ${fence}ts\n  if (x) {\n    y();\n  }\n  ${fence}\n`)[0]!.text).toBe("\n\nif (x) {\n  y();\n}\n");
});

test("other languages, and a ts block inside of a longer fence, are left alone", () => {
  expect(snippetsOf("a.md", `${fence}sh\nnpm ci\n${fence}\n${fence}\`md\n${fence}ts\nno code(\n${fence}\n${fence}\`\n`)).toEqual([]);
});

test.each(["ts nocheck", "typescript", "tsx", "ts twoslash"])("a block of `%s` is refused", (language) => {
  expect(() => snippetsOf("a.md", `${fence}${language}\nlet a: number = "";\n${fence}\n`)).toThrow(/a\.md:1 is a block of/);
});

test("a block that is never closed is refused", () => {
  expect(() => snippetsOf("a.md", `text\n${fence}ts\nconst a = 1;\n`)).toThrow(/a\.md:2 opens a block/);
});
