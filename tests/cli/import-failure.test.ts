// What a module says that Node cannot run: in a process of its own, since a test runner would compile it first.

import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

import { Workplace } from "./program.ts";

const MODULES = new URL("../../dist/cli/agents/agent-modules.js", import.meta.url).href;

/** What is said of a file that exports agents, and what to do. */
function saidOf(place: Workplace, file: string): { readonly message: string; readonly remedy?: string } {
  const script = `import { loadAgents } from ${JSON.stringify(MODULES)}; await loadAgents([process.argv[1]]).catch(({ message, remedy }) => console.log(JSON.stringify({ message, remedy })));`;
  return JSON.parse(execFileSync(process.execPath, ["--input-type=module", "-e", script, file], { cwd: place.path, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })) as { message: string };
}

const agentWith = (head: string, member = "") => `import { ConversimpleAgent, tool } from "conversimple";\n${head}\nexport class Desk extends ConversimpleAgent {\n  static agentId = "desk";\n${member}\n}\n`;

test.each([
  ["an import without the ending", "module", agentWith('import { x } from "./services"; x;'), /^agent\.ts cannot be loaded: Cannot find module/, "Node wants the ending of the file itself: write .ts in the import."],
  ["an import with the ending that a compiler would write", "module", agentWith('import { x } from "./services.js"; x;'), /Cannot find module/, "Node wants the ending of the file itself: write .ts in the import."],
  ["an import of a file that is not there", "module", agentWith('import "./nowhere.ts";'), /Cannot find module/, "Is it there, and is its name right, the ending too?"],
  ["a package that is not installed", "module", agentWith('import days from "no-such-days"; days;'), /Cannot find package 'no-such-days'/, "Install it: npm install no-such-days"],
  ["a name that only a tsconfig.json knows", "module", agentWith('import { x } from "@/services"; x;'), /Cannot find package '@\/services'/, 'Node does not know the "paths" of a tsconfig.json: import it by its relative path.'],
  ["a type that is imported as a value", "module", agentWith('import { Guard } from "conversimple";\nlet guard: Guard;'), /^agent\.ts:\d+: SyntaxError: .*'Guard'$/, 'If Guard is a type, import it as one: import { type Guard } ("verbatimModuleSyntax" in tsconfig.json finds them).'],
  ["a decorator, as in Python", "module", agentWith("", '  @tool("Look")\n  look() { return 1; }'), /SyntaxError: Invalid or unexpected token$/, "Node does not run decorators. A tool is a field of the class: addToCart = tool(description, parameters, run)"],
  ["a project that is CommonJS, as npm init makes it", "commonjs", agentWith(""), /^agent\.ts:1: SyntaxError: Cannot use import statement outside a module$/, 'The package.json above it does not say "type": "module". Say so: npm pkg set type=module'],
])("%s is answered with what to write", (_what, type, text, message, remedy) => {
  const place = new Workplace();
  place.write("package.json", JSON.stringify({ type }));
  place.write("services.ts", "export const x = 1;\n");
  expect(saidOf(place, place.write("agent.ts", text))).toEqual({ message: expect.stringMatching(message) as string, remedy });
});

test("an error of the module itself has its place and no advice", () => {
  const place = new Workplace();
  place.write("package.json", '{"type":"module"}');
  expect(saidOf(place, place.write("agent.ts", agentWith('throw new TypeError("no catalogue");')))).toEqual({ message: "agent.ts:2:7: TypeError: no catalogue" });
});
