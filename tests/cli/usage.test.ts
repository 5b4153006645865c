import { expect, test } from "vitest";

import { Workplace } from "./program.ts";

test.each([
  [["dex"], 'There is no command "dex". Did you mean dev?'],
  [["dev"], "dev: <paths...> is missing."],
  [["dev", "--prot", "1"], "dev has no option --prot. Did you mean --port?"],
  [["dev", ".", "--port"], "--port needs a value: --port <port>."],
  [["dev", ".", "--port", "99999"], "--port must be a whole number from 0 to 65535."],
  [["dev", ".", "--host", "10.0.0.1"], "--host must be one of: 127.0.0.1, localhost, ::1, 0.0.0.0, ::."],
  [["dev", ".", "--store", "state.db"], "A store address begins with its kind: sqlite:state.db or memory:"],
  [["call", "a", "b"], 'call takes at most 1 argument; "b" is too much.'],
  [["call", "--json=yes"], "--json takes no value."],
  [["state"], "state needs one of: list, show, history, watch, doctor, export, forget, reset, rewrap, quarantine."],
  [["state", "lsit"], 'There is no command "state lsit". Did you mean state list?'],
  [["state", "show"], "state show: <id> is missing."],
  [["state", "list", "--status", "gone"], "--status must be one of: live, ended, forgotten."],
  [["state", "list", "--limit", "0"], "--limit must be a whole number from 1 to 1000."],
  [["start", ".", "--connections", "many"], "--connections must be one of: per-conversation, shared."],
  [["--colour"], "There is no option --colour without a command."],
  [["constructor"], 'There is no command "constructor".'],
])("%j is refused with one line, a hint and exit code 2", async (words, message) => {
  const { code, out, err } = await new Workplace().run(words);
  expect(code).toBe(2);
  expect(out).toBe("");
  const [first, hint, rest] = err.split("\n");
  expect(first).toBe(`conversimple: ${message}`);
  expect(hint).toMatch(/^See: conversimple/);
  expect(rest).toBe("");
});

test("a port in the environment is checked like one on the command line", async () => {
  const place = new Workplace();
  const { code, err } = await place.run(["dev", "."], { environment: { CONVERSIMPLE_PORT: "http" } });
  expect(code).toBe(2);
  expect(err).toContain("CONVERSIMPLE_PORT must be a whole number");
});

test("help is there for all and for each command", async () => {
  const place = new Workplace();
  for (const words of [[], ["--help"], ["help"], ["state", "--help"]]) expect((await place.run(words)).out).toContain("state history");
  for (const command of ["dev", "start", "call", "state list", "state show", "state history", "state watch"]) {
    const { code, out } = await place.run([...command.split(" "), "--help"]);
    expect(code).toBe(0);
    expect(out).toContain(`conversimple ${command}`);
    expect(out).toContain("--help");
  }
});

test("--version is the package's", async () => {
  const { code, out } = await new Workplace().run(["--version"]);
  expect(code).toBe(0);
  expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("a stack is shown only to those who ask for it", async () => {
  const place = new Workplace();
  expect((await place.run(["dev", "nowhere"])).err).not.toContain("    at ");
  expect((await place.run(["dev", "nowhere", "--verbose"])).err).toContain("    at ");
  expect((await place.run(["dev", "nowhere"], { environment: { CONVERSIMPLE_LOG_LEVEL: "debug" } })).err).toContain("    at ");
});
