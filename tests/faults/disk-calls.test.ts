// What SQLite asks of the kernel, seen and disturbed by strace: syncs before acknowledgements, disks that fail, and death at
// any write or sync. "Sync verified": nobody cut the power. The long run dies at every one of them.

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { openSqlite } from "../../src/stores/sqlite/store.ts";
import { seededRandom } from "../../src/testing/seeded-random.ts";
import { canStart } from "../servers/desk.ts";
import { programsOf, Unavailable } from "../servers/programs.ts";
import { temporaryFiles } from "../stores/folder.ts";
import { CONVERSATIONS, expectNothingLost, integrityOf, playedBy } from "../stores/killed-writer.ts";
import { seeds } from "./seeds.ts";

const newFile = temporaryFiles("disk-calls");
const isHere = await canStart(() => {
  const strace = programsOf("strace")["strace"]!;
  if (spawnSync(strace, ["-f", "-o", "/dev/null", "true"]).status !== 0) throw new Unavailable("this machine lets nobody trace a process");
}, "strace");

const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
});

/** Runs a program of `tests/stores/process` under strace. */
function traced(flags: readonly string[], script: string, ...args: readonly string[]): ChildProcess {
  const program = fileURLToPath(new URL(`../stores/process/${script}`, import.meta.url));
  const strace = ["-f", "-e", "signal=none", ...flags, "--", process.execPath, program, ...args];
  const child = spawn(programsOf("strace")["strace"]!, strace, { stdio: ["ignore", "pipe", "ignore"] });
  children.push(child);
  return child;
}

/** Where in a trace something was called and where it had succeeded; lines of the trace. */
interface Calls {
  /** Writes to the WAL. */
  readonly writes: readonly number[];
  /** Syncs of it that succeeded. */
  readonly syncs: readonly { readonly from: number; readonly to: number }[];
  /** What the program said, by its words. */
  readonly said: ReadonlyMap<string, number>;
}

function callsIn(trace: string): Calls {
  const writes: number[] = [];
  const syncs: { from: number; to: number }[] = [];
  const said = new Map<string, number>();
  const begun = new Map<string, number>();
  for (const [at, line] of trace.split("\n").entries()) {
    const pid = line.split(" ", 1)[0]!;
    if (/ pwrite64\(\d+<[^>]*-wal>/.test(line)) writes.push(at);
    if (/ f(data)?sync\(\d+<[^>]*-wal>/.test(line)) begun.set(pid, at);
    if (/ f(data)?sync(\(| resumed>).*= 0$/.test(line) && begun.has(pid)) syncs.push({ from: begun.get(pid)!, to: at });
    const [, words] = / write\(1<[^>]*>, "([^"\\]*)\\n"/.exec(line) ?? [];
    if (words !== undefined) said.set(words, at);
  }
  return { writes, syncs, said };
}

const CALLS = "write,pwrite64,fsync,fdatasync";
const COMMITS = 10;

describe.runIf(isHere)("sqlite and the kernel", () => {
  test("every acknowledgement comes after a sync of what was written for it", { timeout: 60_000 }, async () => {
    const [path, log] = [newFile(), newFile()];
    const kill = { step: "before-begin", group: 14, action: { kind: "kill" } };
    const { done } = await playedBy(traced(["-y", "-e", `trace=${CALLS}`, "-o", log], "writer.ts", path, JSON.stringify([kill]), String(CONVERSATIONS), "40"));
    const { writes, syncs, said } = callsIn(readFileSync(log, "utf8"));
    expect(done.size).toBe(CONVERSATIONS);
    const unsynced: string[] = [];
    for (const [n, last] of done) {
      for (let version = 1; version <= last; version++) {
        const [begin, acknowledged] = [said.get(`begin ${n} ${version}`)!, said.get(`done ${n} ${version}`)!];
        const written = writes.find((at) => at > begin) ?? Number.POSITIVE_INFINITY;
        if (!syncs.some(({ from, to }) => from > written && to < acknowledged)) unsynced.push(`${n} ${version}`);
      }
    }
    expect(unsynced).toEqual([]);
  });

  /** How many calls SQLite makes before the first commit: the same in every run. */
  async function callsBefore(call: RegExp): Promise<number> {
    const log = newFile();
    const child = traced(["-e", `trace=${CALLS}`, "-o", log], "persistent-writer.ts", newFile(), "1");
    expect(await once(child, "exit")).toEqual([0, null]);
    const lines = readFileSync(log, "utf8").split("\n");
    return lines.slice(0, lines.findIndex((line) => line.includes("begin 1"))).filter((line) => call.test(line)).length;
  }

  test.each([
    ["syncs that fail", "fsync,fdatasync", "EIO", / f(data)?sync\(/, "unknown 10"],
    ["writes to a disk that is full", "pwrite64", "ENOSPC", / pwrite64\(/, "none 13"],
    ["writes that fail", "pwrite64", "EIO", / pwrite64\(/, "unknown 10"],
  ] as const)("%s are errors, never acknowledgements; what was acknowledged before is there, and it recovers", { timeout: 60_000 }, async (_what, calls, error, call, outcome) => {
    const path = newFile();
    const from = (await callsBefore(call)) + (calls === "pwrite64" ? 20 : 4);
    const inject = `inject=${calls}:error=${error}:when=${from}..${from + 7}`;
    const child = traced(["-e", `trace=${calls}`, "-e", inject, "-o", "/dev/null"], "persistent-writer.ts", path, String(COMMITS));
    const lines: string[] = [];
    child.stdout!.setEncoding("utf8").on("data", (text: string) => lines.push(...text.trimEnd().split("\n")));
    expect(await once(child, "close")).toEqual([0, null]);
    const failures = lines.filter((line) => line.startsWith("failed"));
    expect(failures.length).toBeGreaterThan(0);
    for (const failure of failures) expect(failure.replace(/^failed \d+ /, "")).toBe(`state_unavailable ${outcome}`);
    expect(lines.filter((line) => line.startsWith("done"))).toEqual(Array.from({ length: COMMITS }, (_, n) => `done ${n + 1}`));
    expect(lines.at(-1)).toBe("closed");
    const store = await openSqlite(path);
    expect(await store.load("conversation:0")).toMatchObject({ version: COMMITS, record: `record ${COMMITS}` });
    expect((await store.history("conversation:0")).map(({ text }) => text)).toEqual(Array.from({ length: COMMITS }, (_, n) => `entry ${n + 1}`));
    await store.close();
    expect(integrityOf(path)).toBe("ok");
  });

  /** Writes and syncs of a writer's first seconds: its file is made with about 60 of them. */
  const CALLS_OF_A_WRITER = 300;
  const KILLS = Math.min(seeds(6), CALLS_OF_A_WRITER);

  test(`kill -9 at a write or sync, ${KILLS} of ${CALLS_OF_A_WRITER}: everything acknowledged is there and nothing half-done`, { timeout: 60_000 + KILLS * 5_000 }, async () => {
    const random = seededRandom(5);
    for (let kill = 0; kill < KILLS; kill++) {
      const at = 1 + Math.floor(((kill + random()) * CALLS_OF_A_WRITER) / KILLS);
      const path = newFile();
      const inject = `inject=pwrite64,fsync,fdatasync:signal=KILL:when=${at}`;
      const { begun, done, signal } = await playedBy(traced(["-e", "trace=pwrite64,fsync,fdatasync", "-e", inject, "-o", "/dev/null"], "writer.ts", path, "[]", String(CONVERSATIONS), "1000"));
      expect(signal, `call ${at}`).toBe("SIGKILL");
      await expectNothingLost(path, begun, done);
    }
  });
});
