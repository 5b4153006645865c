import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStore } from "../../src/stores/index.ts";
import { conversationOwner } from "../../src/state/store.ts";
import { KEY, Rig } from "./rig.ts";

/** Given where the tool says that a secret is. */
const PIN = "canary-4929175310067811";
/** Given where no secret is expected: whoever is asked for it keeps it, but no error repeats it. */
const STRAY = "stray-4929175310067811";

let rig: Rig;
beforeEach(async () => void (rig = await Rig.start()));
afterEach(() => rig.stop());

/** Where the text is in the files of the rig: the database, its WAL, the platform's file and its WAL. */
function filesWith(text: string): string[] {
  return readdirSync(rig.folder).filter((name) => readFileSync(join(rig.folder, name)).includes(text));
}

test("a secret argument, an error's text and the API key are in no output, no answer, no journal and no file", { timeout: 60_000 }, async () => {
  const running = await rig.serve();
  await rig.open("c1", "unruly");
  const answers: unknown[] = [];
  const call = async (input: object, callId: string) => {
    answers.push(await rig.platform.callTool({ conversationId: "c1", tool: "take_secret", arguments: { ...input }, callId }).catch((thrown: unknown) => String(thrown)));
  };
  for (const end of ["answer", "throw", "error", "function"]) await call({ pin: PIN, end }, end);
  await call({ pin: [PIN], end: "answer" }, "wrong type");
  await call({ pin: PIN, end: STRAY }, "wrong word");
  await call({ pin: PIN, end: "answer", more: STRAY }, "too much");
  await call({ pin: `${PIN}0`, end: "answer" }, "answer"); // The same call: a secret does not tell calls apart.
  await call({ pin: PIN, end: "throw" }, "answer"); // The same id, another call.

  // Also when the process dies with the secret in its hands and another one goes on.
  rig.world.close("secret");
  const waiting = call({ pin: PIN, end: "wait" }, "wait");
  await rig.world.arrived("secret");
  await running.kill();
  rig.world.open("secret");
  const second = await rig.serve();
  await waiting;
  expect(answers).toHaveLength(10);
  for (const text of [PIN, STRAY]) expect(JSON.stringify(answers)).not.toContain(text);
  expect(JSON.stringify(rig.platform.conversation("c1"))).not.toContain(PIN);

  const store = await openStore(`sqlite:${rig.path}`);
  const history = await store.history(conversationOwner("c1"));
  await store.close();
  expect(history.length).toBeGreaterThan(5);
  for (const text of [PIN, STRAY]) expect(JSON.stringify(history)).not.toContain(text);

  await second.kill("SIGTERM");
  await second.exited;
  expect(running.output).toContain("a tool failed");
  for (const { output } of [running, second]) {
    for (const text of [PIN, STRAY, KEY]) expect(output).not.toContain(text);
  }
  expect(filesWith(PIN).filter((name) => name.startsWith("state"))).toEqual([]);
  expect(filesWith(STRAY).filter((name) => name.startsWith("state"))).toEqual([]);
  await rig.platform.stop();
  expect(readdirSync(rig.folder)).toEqual(expect.arrayContaining(["state.db", "platform.db"]));
  expect(filesWith(PIN)).toEqual([]);
  expect(filesWith(KEY)).toEqual([]);
});

test("a refused key, a platform that is gone and a file that cannot be opened are told without the key", { timeout: 60_000 }, async () => {
  const wrong = "cs_live_canary0123456789";
  const starts = [
    rig.begin({ apiKey: wrong }),
    rig.begin({ platformUrl: `http://user:${KEY}@127.0.0.1:9` }),
    rig.begin({ platformUrl: `http://example.com/?auth_token=${KEY}` }),
    rig.begin({}, { CONVERSIMPLE_STORE: `sqlite:${rig.folder}` }),
  ];
  await rig.serve();
  for (const start of starts) {
    expect((await start.exited).code).not.toBe(0);
    expect(start.output.length).toBeGreaterThan(50);
    expect(start.output).not.toContain(wrong);
    expect(start.output).not.toContain(KEY);
  }
});
