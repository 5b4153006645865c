import { randomUUID } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import { openPostgres } from "../../src/stores/postgres/store.ts";
import { storeConformance } from "../../src/testing/store-suite/suite.ts";
import { canStart, sharedServer } from "../servers/desk.ts";
import { startPgbouncer, type Pgbouncer } from "../servers/pgbouncer.ts";

const server = await sharedServer("postgres");
let pooler: Pgbouncer | undefined;
if (server) await canStart(async () => (pooler = await startPgbouncer(server)), "pgbouncer");
afterAll(() => pooler?.remove());

/** Runs the suite, every case in a schema of its own. */
function suite(name: string, at: string, seeds?: readonly number[]): void {
  storeConformance(
    {
      name,
      ...(seeds ? { seeds } : {}),
      open: async (options) => {
        const place = `${at}&schema=suite_${randomUUID().replaceAll("-", "")}`;
        return { store: await openPostgres(place, options), again: () => openPostgres(place, options) };
      },
    },
    { describe, test },
  );
}

if (server) suite("postgres", `${server}?pool=4`);
if (pooler) suite("postgres through pgbouncer in transaction mode", `${pooler.url}?pool=4&prepare=false`, [4]);
if (pooler?.prepares) suite("postgres through pgbouncer that knows named statements", `${pooler.url}?pool=4`, [5]);

test.runIf(pooler && !pooler.prepares)("a pooler that mixes up named statements is an error that says what to add to the address", async () => {
  const store = await openPostgres(`${pooler!.url}?schema=mixed_up&pool=4`);
  const commits = Array.from({ length: 40 }, (_, n) => store.commit(`customer:${n % 4}`, { writeId: `w${n}`, expectedVersion: 0, epoch: 0 }));
  const loads = Array.from({ length: 40 }, (_, n) => store.load(`customer:${n}`));
  const thrown = (await Promise.allSettled([...commits, ...loads])).filter((outcome) => outcome.status === "rejected").map(({ reason }) => reason as Error);
  await store.close();
  expect(thrown.map((error) => error.message)).toContainEqual(expect.stringMatching(/named statements; add \?prepare=false/));
});
