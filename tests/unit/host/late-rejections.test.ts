// Real processes: the runner of these tests has listeners of its own.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

const program = fileURLToPath(new URL("leaky-process.ts", import.meta.url));

function run(scenario: string, ...nodeArguments: string[]): Promise<{ code: number; output: string; errors: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...nodeArguments, program, scenario], (error, output, errors) => resolve({ code: typeof error?.code === "number" ? error.code : 0, output, errors }));
  });
}

test.each(["tool", "hook", "parallel", "timer", "after-the-unit"])("a promise that a %s left un-awaited is reported to onError, and the process goes on", async (scenario) => {
  const { code, output, errors } = await run(scenario);
  expect(errors).toBe("");
  expect(JSON.parse(output)).toEqual({ heard: ["late"], hosted: [["late", "c1"]], goesOn: { n: 1 } });
  expect(code).toBe(0);
});

test.each(["throwing-timer", "throwing-callback"])("what a %s of a tool throws is reported to onError, and the process goes on", async (scenario) => {
  const { code, output, errors } = await run(scenario);
  expect(errors).toBe("");
  expect(JSON.parse(output)).toEqual({ heard: ["late"], hosted: [["late", "c1"]], goesOn: { n: 1 } });
  expect(code).toBe(0);
});

test("what a timer outside of every unit throws ends the process, as it does without a host", async () => {
  const { code, output, errors } = await run("foreign-timer");
  expect(code).toBe(1);
  expect(errors).toContain("Error: foreign");
  expect(output).toBe("");
});

test("a rejection outside of every unit ends the process, as it does without a host", async () => {
  const { code, output, errors } = await run("foreign");
  expect(code).toBe(1);
  expect(errors).toContain("Error: foreign");
  expect(output).toBe("");
});

test("a rejection with something that is not an error ends it too", async () => {
  const { code, errors } = await run("foreign-value");
  expect(code).toBe(1);
  expect(errors).toContain("ERR_UNHANDLED_REJECTION");
});

test("another listener of the application gets what is not ours", async () => {
  const { code, output } = await run("other-listener");
  expect(code).toBe(0);
  expect(JSON.parse(output)).toMatchObject({ other: ["foreign"] });
});

test("without a host there is no listener", async () => {
  const { code, output } = await run("drained");
  expect(code).toBe(0);
  expect(JSON.parse(output)).toEqual({ while: 1, after: 0 });
});
