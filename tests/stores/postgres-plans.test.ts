import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { commitSql } from "../../src/stores/postgres/commit-sql.ts";
import { sharedServer } from "../servers/desk.ts";
import { connected, Place } from "./postgres-gate.ts";

const server = await sharedServer("postgres");
const BOTH = [false, true];
const TASKS = BOTH.flatMap((isGroup) => BOTH.flatMap((creates) => BOTH.map((tidies) => ({ isGroup, creates, tidies }))));

describe.runIf(server !== undefined)("a plan of postgres that was made while the tables were empty", () => {
  test.each(TASKS)("reads no table as a whole for a commit (%j)", async (task) => {
    const place = await Place.in(server!);
    await place.open();
    const client = await connected(server!);
    const name = `p${randomUUID().replaceAll("-", "")}`;
    await client.query(`SET plan_cache_mode = force_generic_plan; PREPARE ${name} AS ${commitSql(place.schema, task)}`);
    const { rows } = await client.query<{ "QUERY PLAN": string }>(`EXPLAIN EXECUTE ${name}('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', null)`);
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
    expect(plan).toMatch(/Index Scan using owners_/);
    expect(plan).not.toMatch(/Seq Scan/);
  });
});
