// `npm run bench`: prints a table; `-- --json <file>` writes its rows; `-- --only <text>` runs the groups with that in
// their name; `-- --plot <file>` draws what clean-up measured. Nothing here is a test: a time is a reading of one machine
// on one day.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cleanUpBenchmark } from "./clean-up.ts";
import { postgresCommitBenchmark } from "./commit-postgres.ts";
import { redisCommitBenchmark } from "./commit-redis.ts";
import { commitBenchmark, encryptedCommitBenchmark } from "./commit.ts";
import { hostBenchmark } from "./host.ts";
import { hotCustomerBenchmark, hotCustomerOnServersBenchmark } from "./hot-customer.ts";
import { inspectorBenchmark } from "./inspector.ts";
import { liveConversationsBenchmark } from "./live-conversations.ts";
import { importBenchmark, overheadBenchmark } from "./overhead.ts";
import { roundTripBenchmark } from "./round-trip.ts";
import type { Row } from "./row.ts";
import { stallBenchmark } from "./stall.ts";
import { turnsBenchmark } from "./turns.ts";

const { values } = parseArgs({ options: { json: { type: "string" }, only: { type: "string", default: "" }, plot: { type: "string" } } });
const folder = mkdtempSync(join(tmpdir(), "conversimple-bench-"));
let files = 0;
const sqlite = () => `sqlite:${join(folder, `state-${++files}.db`)}`;
const script = (text: string) => Number(execFileSync(process.execPath, ["--input-type=module", "-e", text], { cwd: join(import.meta.dirname, "..") }));

const groups: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  import: async () => [await importBenchmark(script)],
  overhead: async () => [await overheadBenchmark()],
  "commit memory": () => commitBenchmark({ store: "memory", conversations: 64 }),
  "commit 1": () => commitBenchmark({ store: "sqlite", conversations: 1 }),
  "commit 64": () => commitBenchmark({ store: "sqlite", conversations: 64 }),
  "redis commit 1": () => redisCommitBenchmark(1, "everysec"),
  "redis commit 64": () => redisCommitBenchmark(64, "everysec"),
  "redis commit 1000": () => redisCommitBenchmark(1_000, "everysec"),
  "redis commit 64, synced": () => redisCommitBenchmark(64, "always"),
  "commit 1000": () => commitBenchmark({ store: "sqlite", conversations: 1_000 }),
  "postgres commit": () => postgresCommitBenchmark([1, 64, 1_000]),
  "encrypted commit": async () => [...(await encryptedCommitBenchmark("memory", 64)), ...(await encryptedCommitBenchmark("sqlite", 64))],
  host: async () => [await hostBenchmark("memory:", 64, 60_000), await hostBenchmark(sqlite(), 1, 3_000), await hostBenchmark(sqlite(), 64, 60_000)],
  "round trip": () => roundTripBenchmark(sqlite(), [{ conversations: 1, calls: 3_000 }, { conversations: 64, calls: 100_000 }]),
  "hot customer": async () => [await hotCustomerBenchmark(sqlite()), ...(await hotCustomerOnServersBenchmark())],
  "long conversation": async () => [await turnsBenchmark(sqlite())],
  "live conversations": async () => [await liveConversationsBenchmark(sqlite(), 10_000)],
  "clean-up": async () => [await cleanUpBenchmark(join(folder, "clean-up.db"), 100_000, values.plot)],
  inspector: async () => [await inspectorBenchmark(join(folder, "inspector"))],
  "slow disk": async () => [await stallBenchmark(join(folder, "slow.db"))],
};

const rows: Row[] = [];
try {
  for (const [name, run] of Object.entries(groups)) {
    if (!name.includes(values.only)) continue;
    process.stderr.write(`${name} ...\n`);
    for (const row of await run()) {
      rows.push(row);
      print(row);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);

function print(row: Row): void {
  const also = Object.entries(row.also ?? {}).map(([name, value]) => `${name} ${value}`);
  const cells = [
    row.name.padEnd(26),
    row.store.padEnd(7),
    `${row.conversations}`.padStart(6),
    row.opsPerSecond > 0 ? `${row.opsPerSecond.toLocaleString("en")}/s`.padStart(11) : "".padStart(11),
    `p50 ${row.p50Ms} ms`.padEnd(14),
    row.p99Ms > 0 ? `p99 ${row.p99Ms} ms`.padEnd(14) : "".padEnd(14),
    row.ratioToRaw === null ? "" : `${row.ratioToRaw.toFixed(2)} of raw`,
    also.join(", "),
  ];
  console.log(cells.join("  ").trimEnd());
}
