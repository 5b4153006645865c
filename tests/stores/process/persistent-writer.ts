// A process of its own that commits to one conversation and does not give up: `persistent-writer.ts <file> <commits>`.
//
// Prints `begin <version>`, then `failed <version> <code> <outcome> <SQLite's code>` for each try in vain and `done <version>`, at
// once. A try is repeated with its write id. Prints `closed` at the end.

import { writeSync } from "node:fs";
import { ConversimpleError } from "../../../src/base/errors.ts";
import { openSqlite } from "../../../src/stores/sqlite/store.ts";

const [path, commits] = process.argv.slice(2);
const store = await openSqlite(path!, { timeoutMs: 30_000 });
for (let version = 1; version <= Number(commits); version++) {
  writeSync(1, `begin ${version}\n`);
  while (!(await committed(version)));
  writeSync(1, `done ${version}\n`);
}
await store.close();
writeSync(1, "closed\n");

async function committed(version: number): Promise<boolean> {
  try {
    await store.commit("conversation:0", { writeId: `w${version}`, expectedVersion: version - 1, epoch: 0, record: `record ${version}`, entry: `entry ${version}` });
    return true;
  } catch (thrown) {
    if (!(thrown instanceof ConversimpleError)) throw thrown;
    writeSync(1, `failed ${version} ${thrown.code} ${String(thrown.fields.outcome)} ${String(thrown.fields.sqlite)}\n`);
    return false;
  }
}
