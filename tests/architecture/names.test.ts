import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { badNames, machinePaths } from "./names.ts";
import { root, trackedPaths } from "./source.ts";

test("every code file is named by what it owns", () => {
  expect(badNames(trackedPaths())).toEqual([]);
});

test.each(["src/base/utils.ts", "src/wire/frame-helpers.ts", "src/agent/types.ts", "src/host/manager.ts", "src/host/base-host.ts", "src/cli/MainPage.tsx", "tests/a_b.test.ts"])(
  "the name %s is found",
  (path) => {
    expect(badNames([path])).toHaveLength(1);
  },
);

test("good names, and files that are no code, are left alone", () => {
  expect(badNames(["src/base/clock.ts", "tests/state/unit-of-work.test.ts", "tests/types/tools.test-d.ts", "vitest.config.ts", "README.md", "src/database.ts"])).toEqual([]);
});

test("no tracked file names a folder of one machine", () => {
  const breaches = trackedPaths().flatMap((path) => machinePaths(path, readFileSync(root + path, "utf8")));
  expect(breaches).toEqual([]);
});

test.each(["work/main", "root/.npmrc", "home/ada/project", "Users/ada/project"])("the folder %s at the root is found", (folder) => {
  expect(machinePaths("README.md", `cd /${folder}/x`)).toEqual(["README.md:1 names a folder of one machine"]);
});

test("folders that every machine has, and addresses, are left alone", () => {
  expect(machinePaths("README.md", "cd ~/project; ls /usr/lib /tmp ./job/ src/root/; https://example.org/home/page/")).toEqual([]);
});
