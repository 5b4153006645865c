// A process of its own that commits until it is killed: `writer.ts <file> <faults as JSON> <conversations> <commits>`.
//
// Prints `begin <conversation> <version>` before each commit and `done <conversation> <version>` after its
// acknowledgement, unbuffered, so that nothing it knew is lost with it.

import { writeSync } from "node:fs";
import type { Fault } from "../../../src/stores/sqlite/faults.ts";
import { openSqlite } from "../../../src/stores/sqlite/store.ts";

const [path, faults, conversations, commits] = process.argv.slice(2);
const store = await openSqlite(path!, { timeoutMs: 30_000, faults: JSON.parse(faults!) as Fault[] });

async function converse(n: number): Promise<void> {
  for (let version = 1; version <= Number(commits); version++) {
    say(`begin ${n} ${version}`);
    await store.commit(`conversation:${n}`, {
      writeId: `${n}-${version}`,
      expectedVersion: version - 1,
      epoch: 0,
      record: `record ${version} `.padEnd(2_000, "r"),
      entry: `entry ${version}`,
      answer: { callId: `call-${version}`, digest: "d", text: `answer ${version}` },
    });
    say(`done ${n} ${version}`);
  }
}

/** A pipe whose reader is slow is waited for. */
function say(line: string): void {
  for (;;) {
    try {
      writeSync(1, `${line}\n`);
      return;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "EAGAIN") throw thrown;
    }
  }
}

await Promise.all(Array.from({ length: Number(conversations) }, (_, n) => converse(n)));
// For the checkpoint, which comes when nothing else is to be done.
setInterval(() => undefined, 1_000);
