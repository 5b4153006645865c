// The types that a user sees: `*.test-d.ts` compiled against the built package.
//
// A case is a line that must compile, or `// @ts-expect-error why` above one that must not.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { compile, diagnosticsIn } from "./compiler.ts";
import type { Diagnostic } from "./compiler.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith(".test-d.ts"));
let found: readonly Diagnostic[] = [];

beforeAll(async () => {
  found = await compile("tsconfig.json", folder);
}, 120_000);

test.each(files)("%s compiles, and what must not compile does not", (file) => {
  expect(found.filter(({ path }) => path === file)).toEqual([]);
});

test("the package's declarations compile in a user's strict project", () => {
  const others = found.filter(({ path }) => !files.includes(path) && !path.includes("node_modules/"));
  expect(others).toEqual([]);
});

test("an editor shows parameters and state as they were declared, not how their types came about", { timeout: 60_000 }, async () => {
  const project = mkdtempSync(join(folder, ".shown-"));
  onTestFinished(() => rmSync(project, { recursive: true }));
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ extends: "../tsconfig.json", include: ["agent.ts"] }));
  writeFileSync(
    join(project, "agent.ts"),
    `import { conversationState, ConversimpleAgent, customerState, tool } from "conversimple";
import { z } from "zod";
class Shop extends ConversimpleAgent {
  state = conversationState(z.object({ cart: z.array(z.string()).default([]), note: z.string().optional() }));
  customer = customerState(z.object({ calls: z.number().default(0) }));
  add = tool("Add", { id: z.string(), count: z.number().default(1) }, ({ id, count }) => ({ id, count }));
}
export const shown: never[] = [new Shop().state, new Shop().customer, new Shop().add];
`,
  );
  const texts = (await compile("tsconfig.json", project)).map(({ text }) => /Type '(.*)' is not assignable/.exec(text)?.[1]);
  expect(texts).toEqual([
    "{ cart: string[]; note?: string | undefined; }",
    "CustomerState<{ calls: number; }>",
    "Tool<{ readonly id: string; readonly count?: number | undefined; }, { id: string; count: number; }>",
  ]);
});

test("the compiler's findings are read with file, line and continuation", () => {
  const output = "a.test-d.ts(3,1): error TS2578: Unused directive.\nb.ts(10,20): error TS2322: No.\n  Because.\n  And so.\nerror TS5083: Cannot read file.\n";
  expect(diagnosticsIn(output)).toEqual([
    { path: "a.test-d.ts", line: 3, text: "error TS2578: Unused directive." },
    { path: "b.ts", line: 10, text: "error TS2322: No.\n  Because.\n  And so." },
    { path: "", line: 1, text: "error TS5083: Cannot read file." },
  ]);
});
