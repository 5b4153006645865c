import { existsSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { ConversimpleError } from "../../src/base/errors.ts";
import { DEFAULT_STORE, openStore } from "../../src/stores/index.ts";
import { temporaryFiles } from "./folder.ts";

const newFile = temporaryFiles("open");
const before = process.env.CONVERSIMPLE_STORE;

afterEach(() => {
  if (before === undefined) delete process.env.CONVERSIMPLE_STORE;
  else process.env.CONVERSIMPLE_STORE = before;
});

test("memory: and sqlite:<path> open, and say their address", async () => {
  const path = newFile();
  for (const [address, said] of [["memory:", "memory:"], [`sqlite:${path}`, `sqlite:${path}`], [`sqlite://${path}`, `sqlite:${path}`]] as const) {
    const store = await openStore(address);
    expect(store.address).toBe(said);
    await store.close();
  }
  expect(existsSync(path)).toBe(true);
});

test("without an address the environment names the store", async () => {
  const path = newFile();
  process.env.CONVERSIMPLE_STORE = `sqlite:${path}`;
  const store = await openStore();
  expect(store.address).toBe(`sqlite:${path}`);
  await store.close();
  expect(DEFAULT_STORE).toBe("sqlite:.conversimple/state.db");
});

test("an address that cannot be served is an error with a remedy, never another store", async () => {
  const cases: readonly [string, RegExp][] = [
    ["sqlite::memory:", /use memory:/],
    ["sqlite:", /needs the path/],
    ["sqlite://host/state.db", /no host/],
    ["sqlite:a\0b", /NUL/],
    ["memory:x", /nothing after/],
    ["redis://user:hunter2@", /no host/],
    ["redis://user:hunter2@a,b", /several hosts/],
    ["redis://user:hunter2@h/x", /no number/],
    ["redis://user:hunter2@h/0/1", /no number/],
    ["redis://user:hunter2%@h", /%25/],
    ["redis://user:hunter2@h?db=hunter2", /not known/],
    ["redis://user:hunter2@h?ca=hunter2", /rediss/],
    ["redis://user:hunter2@h?prefix={hunter2}", /prefix/],
    ["redis://user:hunter@2@h", /cannot be read/],
    ["redis+sentinel://user:hunter2@h", /name the primary/],
    ["redis+cluster://user:hunter2@h/3", /only one/],
    ["redis+other://user:hunter2@h", /cannot be read/],
    ["postgres://user:hunter2@[/db", /cannot be read/],
    ["postgres://user:hunter2@127.0.0.1:1/db", /nothing listens there/],
    ["postgres://user:hunter2@127.0.0.1:1/db?schema=a-b", /schema=/],
    ["postgres://user:hunter2@127.0.0.1:1/db?prepare=no", /prepare=/],
    ["postgresql://user:hunter2@127.0.0.1:1/db?pool=0", /pool=/],
    ["mysql://user:hunter2@h/db", /not known/],
    ["state.db", /begins with its kind/],
    ["/var/lib/state.db", /begins with its kind/],
  ];
  for (const [address, message] of cases) {
    const error: unknown = await openStore(address).then(() => undefined, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConversimpleError);
    expect((error as ConversimpleError).code).toBe("store_misconfigured");
    expect((error as ConversimpleError).message).toMatch(message);
    expect((error as ConversimpleError).message).not.toContain("hunter2");
  }
});
