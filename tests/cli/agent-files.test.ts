import { mkdirSync, symlinkSync, chmodSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";

import { findAgentFiles } from "../../src/cli/agents/agent-files.ts";
import { Workplace } from "./program.ts";

const names = (files: readonly string[]) => files.map((file) => basename(file));

test("takes agent files of a folder by name, and nothing else", () => {
  const place = new Workplace();
  const agents = ["agent.ts", "agents.mjs", "index.js", "shop.agent.mts", "shop-agent.ts"];
  for (const name of [...agents, "agent.d.ts", "agent.test.ts", "shop-agent.test.js", "catalogue.ts", "agent.json", "reagent.ts", "deep/agent.ts"]) place.write(`agents/${name}`, "");
  const found = findAgentFiles([join(place.path, "agents")]);
  expect(names(found.files)).toEqual(agents.toSorted());
  expect(found.refused).toEqual([]);
});

test("takes a file of any name when it is given itself, and each file once", () => {
  const place = new Workplace();
  const file = place.write("shop.ts", "");
  place.write("agent.ts", "");
  expect(names(findAgentFiles([file, file, place.path]).files)).toEqual(["shop.ts", "agent.ts"]);
});

test("does not load through links that leave the folder, and says so", () => {
  const place = new Workplace();
  place.write("agents/agent.ts", "");
  place.write("outside.ts", "");
  symlinkSync("../outside.ts", join(place.path, "agents/index.ts"));
  symlinkSync("agent.ts", join(place.path, "agents/agents.ts"));
  symlinkSync("nowhere.ts", join(place.path, "agents/gone-agent.ts"));
  const { files, refused } = findAgentFiles([join(place.path, "agents")]);
  expect(names(files)).toEqual(["agent.ts"]);
  expect(refused).toEqual([expect.stringMatching(/gone-agent\.ts was not loaded: it is a link to nothing/), expect.stringMatching(/index\.ts was not loaded: it is a link that leaves its folder/)]);
  expect(() => findAgentFiles([join(place.path, "agents/index.ts")])).toThrow("it is a link that leaves its folder");
});

test("does not load what everybody may write", () => {
  const place = new Workplace();
  place.write("agents/agent.ts", "", 0o666);
  place.write("agents/index.ts", "");
  const { files, refused } = findAgentFiles([join(place.path, "agents")]);
  expect(names(files)).toEqual(["index.ts"]);
  expect(refused[0]).toContain("everybody on this machine may write it");
  chmodSync(join(place.path, "agents"), 0o777);
  expect(() => findAgentFiles([join(place.path, "agents")])).toThrow("everybody on this machine may write into it");
  expect(() => findAgentFiles([join(place.path, "agents/index.ts")])).toThrow("everybody on this machine may write into its folder");
});

test("does not load .env and its like, also through a link", () => {
  const place = new Workplace();
  const env = place.write(".env", "KEY=1");
  place.write("agents/.env.ts", "");
  symlinkSync(".env.ts", join(place.path, "agents/agent.ts"));
  expect(() => findAgentFiles([env])).toThrow("its name begins with a dot");
  expect(() => findAgentFiles([join(place.path, "agents")])).toThrow("a link to a file whose name begins with a dot");
});

test("says what was looked for where nothing is", () => {
  const place = new Workplace();
  mkdirSync(join(place.path, "empty"));
  expect(() => findAgentFiles([join(place.path, "empty")])).toThrow(expect.objectContaining({ message: expect.stringContaining("There is no agent in") as string, remedy: expect.stringContaining("*-agent.*") as string }) as Error);
  expect(() => findAgentFiles([join(place.path, "nowhere")])).toThrow("does not exist");
  expect(() => findAgentFiles([place.write("notes.md", "")])).toThrow("no .ts, .mts, .js or .mjs file");
});
