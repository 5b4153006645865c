import { describe, expect, test } from "vitest";

import { sharedServer } from "../servers/desk.ts";
import { Place } from "../stores/postgres-gate.ts";
import { Workplace } from "./program.ts";

const server = await sharedServer("postgres");

describe.runIf(server !== undefined)("conversimple migrate", () => {
  test("makes the schema, says from where to where, and has nothing to do the second time", async () => {
    const place = await Place.in(server!);
    const work = new Workplace();
    const first = await work.run(["migrate", "--store", place.address("prepare=false")]);
    expect([first.code, first.err]).toEqual([0, ""]);
    expect(first.out).toMatch(/^postgres:\/\/127\.0\.0\.1:\d+\/postgres has the schema now, version 1\.\n$/);
    const again = await work.run(["migrate"], { environment: { CONVERSIMPLE_STORE: place.address() } });
    expect([again.code, again.out]).toEqual([0, first.out.replace("has the schema now, version 1.", "is at version 1 of the schema already. Nothing to do.")]);
    const told = JSON.parse((await work.run(["migrate", "--json", "--store", place.address()])).out) as unknown;
    expect(told).toEqual({ address: expect.stringMatching(/^postgres:/), from: 1, to: 1 });
    expect((await (await place.open()).list()).items).toEqual([]);
  });

  test("what cannot be migrated is one line, the exit code 1, and is left as it is", async () => {
    const place = await Place.in(server!);
    await (await place.open()).close();
    await place.sql("INSERT INTO $S.migrations (version) VALUES (999)");
    const work = new Workplace();
    const newer = await work.run(["migrate", "--store", place.address()]);
    expect([newer.code, newer.out]).toEqual([1, ""]);
    expect(newer.err).toMatch(/^conversimple: Cannot open the store postgres:\/\/[^\n]*: its schema is version 999, this release knows 1\. Upgrade conversimple[^\n]*\n$/);
    const wrong = await work.run(["migrate", "--store", "postgres://somebody:s3cr3t@127.0.0.1:1/state"]);
    expect([wrong.code, wrong.out]).toEqual([1, ""]);
    expect(wrong.err).toMatch(/^conversimple: .*start PostgreSQL or correct the address\.\n$/);
    expect(wrong.err).not.toContain("s3cr3t");
  });
});

test("a store that needs no migration is left alone, and one that nobody knows is refused", async () => {
  const work = new Workplace();
  for (const address of ["sqlite:state.db", "memory:", "redis://127.0.0.1:1"]) {
    const { code, out } = await work.run(["migrate", "--store", address]);
    expect([code, out]).toEqual([0, `A store of the kind ${address.split(":")[0]}: needs no migration. Nothing to do.\n`]);
  }
  const unknown = await work.run(["migrate", "--store", "mysql://127.0.0.1/state"]);
  expect([unknown.code, unknown.err]).toEqual([1, expect.stringMatching(/^conversimple: Stores of the kind mysql: are not known\./)]);
  const none = await work.run(["migrate", "--store", "state.db"]);
  expect([none.code, none.err]).toEqual([2, expect.stringMatching(/^conversimple: A store address begins with its kind/)]);
});
