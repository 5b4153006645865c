import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkNode } from "../../../src/cli/version.ts";

test.each(["22.18.0", "22.23.3", "24.0.0", "24.21.0", "26.10.0", "27.0.0-nightly"])("Node %s is new enough", (version) => {
  expect(() => checkNode(version)).not.toThrow();
});

test.each(["18.20.8", "20.20.2", "22.17.1", "23.0.0", "23.11.1"])("Node %s is refused with what is needed and how to get it", (version) => {
  expect(() => checkNode(version)).toThrow(
    expect.objectContaining({ message: `Node 22.18 or a newer 22, or Node 24 or newer is needed; this is Node ${version}.`, remedy: expect.stringContaining("node@24") }),
  );
});

test("the package says the same to npm", () => {
  const { engines } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as { engines: { node: string } };
  expect(engines.node).toBe("^22.18.0 || >=24.0.0");
});
