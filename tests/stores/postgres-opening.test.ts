import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConversimpleError } from "../../src/base/errors.ts";
import type { LogFields } from "../../src/base/log.ts";
import { openPostgres, type PostgresOptions } from "../../src/stores/postgres/store.ts";
import { canStart } from "../servers/desk.ts";
import { startPostgres, type PostgresServer } from "../servers/postgres.ts";
import { findProgram, Unavailable } from "../servers/programs.ts";
import { freePort } from "../servers/server-process.ts";
import { Place } from "./postgres-gate.ts";

const SECRET = "s3cr3t-w0rd";
const CLIENTS = `
host    all named     127.0.0.1/32 scram-sha-256
hostssl all encrypted 127.0.0.1/32 trust
host    all postgres,reader,writer,nobody,gone 127.0.0.1/32 trust
`;

const folder = mkdtempSync(join(tmpdir(), "conversimple-tls-"));
let plain: PostgresServer;
let tls: PostgresServer;
const isHere = await canStart(async () => {
  const openssl = findProgram("openssl");
  if (!openssl) throw new Unavailable("openssl cannot be found");
  const [key, certificate] = [join(folder, "key"), join(folder, "certificate")];
  execFileSync(openssl, ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], { stdio: "ignore" });
  const files = { clients: CLIENTS, key: readFileSync(key, "utf8"), certificate: readFileSync(certificate, "utf8") };
  plain = await startPostgres("fsync=off", "hba_file=data/clients", files);
  tls = await startPostgres("fsync=off", "hba_file=data/clients", files, "ssl=on", "ssl_key_file=key", "ssl_cert_file=certificate");
}, "postgres");

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await plain?.remove();
  await tls?.remove();
});

function at(server: PostgresServer, user: string, more = ""): string {
  return `postgres://${user}@127.0.0.1:${server.port}/postgres${more}`;
}

/** What opening is refused with, on one line and without the password. */
async function refusal(address: string, options: PostgresOptions = {}): Promise<string> {
  const thrown: unknown = await openPostgres(address, options).then(() => undefined, (error: unknown) => error);
  expect(thrown).toBeInstanceOf(ConversimpleError);
  const { code, message, fields } = thrown as ConversimpleError;
  expect(code).toBe("store_misconfigured");
  expect(message).not.toMatch(/\n/);
  expect(message + JSON.stringify(fields)).not.toContain(SECRET);
  return message;
}

describe.runIf(isHere)("a postgres store that cannot be opened", () => {
  beforeAll(async () => {
    const { Client } = await import("pg");
    for (const server of [plain, tls]) {
      const admin = new Client({ connectionString: server.url });
      await admin.connect();
      await admin.query(`CREATE ROLE named LOGIN PASSWORD '${SECRET}'; CREATE ROLE encrypted LOGIN; CREATE ROLE nobody LOGIN; CREATE ROLE reader LOGIN; CREATE ROLE writer LOGIN; GRANT CREATE ON DATABASE postgres TO named, encrypted`);
      await admin.query("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'");
      await admin.end();
    }
  });

  test("a host that does not exist, and a port where nothing listens", async () => {
    expect(await refusal(`postgres://u:${SECRET}@no-such-host.invalid/state`)).toMatch(/^Cannot open the store postgres:\/\/no-such-host.invalid\/state \((ENOTFOUND|EAI_AGAIN)\): .*check|correct the address/);
    const port = await freePort();
    expect(await refusal(`postgres://u:${SECRET}@127.0.0.1:${port}/state`)).toBe(`Cannot open the store postgres://127.0.0.1:${port}/state (ECONNREFUSED): nothing listens there; start PostgreSQL or correct the address.`);
    expect(await refusal(`postgres://u:${SECRET}@localhost:${port}/state`)).toMatch(/ECONNREFUSED/);
  });

  test("a wrong password, none at all, and a user who is not known", async () => {
    expect(await refusal(at(plain, `named:not-${SECRET.slice(1)}`))).toMatch(/\(28P01\): the password is wrong\.$/);
    expect(await refusal(at(plain, "named"))).toMatch(/it wants a password; write postgres:\/\/<user>:<password>@<host>\.$/);
    expect(await refusal(at(plain, `stranger:${SECRET}`))).toMatch(/\(28000\): the server lets nobody in like that; .* not know the user or the database/);
    expect(await refusal(at(plain, "gone"))).toMatch(/\(28000\): the user may not log in; check user, password and pg_hba.conf\.$/);
    await (await openPostgres(at(plain, `named:${SECRET}`, "?schema=right"))).close();
  });

  test("what could not log in leaves no socket open: the process can end", async () => {
    const sockets = () => process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length;
    await expect.poll(sockets).toBe(0);
    for (let n = 0; n < 3; n++) await refusal(at(plain, "named"));
    await expect.poll(sockets).toBe(0);
  });

  test("an option of ours that is misspelled is refused, not passed over", async () => {
    for (const option of ["schma=a", "shcema=a", "Schema=a", "schemas=a", "pol=3", "polo=3", "prepared=false"]) expect(await refusal(at(plain, `named:${SECRET}`, `?${option}`))).toMatch(/has an option that is nearly schema=, prepare=, pool=; correct it/);
    await (await openPostgres(at(plain, `named:${SECRET}`, "?schema=right&connect_timeout=3&options=-c%20work_mem%3D8MB"))).close();
  });

  test("a database that does not exist, and one that cannot hold every character", async () => {
    expect(await refusal(at(plain, "postgres").replace(/postgres$/, "missing"))).toMatch(/\(3D000\): there is no such database; create it first\.$/);
    expect(await refusal(at(plain, "postgres").replace(/postgres$/, "latin"))).toMatch(/encoding is LATIN1, .*create it with ENCODING 'UTF8'\.$/);
  });

  test("a user without rights: to make tables, to use them, to write them", async () => {
    expect(await refusal(at(plain, "nobody"))).toMatch(/\(42501\): the user has no right .* run `conversimple migrate` as a user who has it/);
    const place = await Place.in(plain.url);
    await place.open();
    expect(await refusal(place.address().replace("postgres@", "nobody@"))).toMatch(/\(42501\): .*grant USAGE/);
    await place.sql("GRANT USAGE ON SCHEMA $S TO reader, writer; GRANT SELECT ON ALL TABLES IN SCHEMA $S TO reader; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA $S TO writer");
    expect(await refusal(place.address().replace("postgres@", "reader@"))).toMatch(/no right to INSERT, UPDATE, DELETE\. GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA /);
    const store = await openPostgres(place.address().replace("postgres@", "writer@"));
    await store.commit("customer:a", { writeId: "w", expectedVersion: 0, epoch: 0, record: "r", entry: "e" });
    await expect(store.post("conversation:a", { id: "m", text: "t" })).rejects.toMatchObject({ code: "conversation_not_found" });
    expect(await store.forget("customer:a", { tombstone: true })).toEqual({ records: 1, entries: 1, messages: 0 });
    await store.close();
  });

  test("TLS that the server does not speak, that it insists on, and that nobody vouches for", async () => {
    expect(await refusal(at(plain, "postgres", "?sslmode=verify-full"))).toMatch(/the server speaks no TLS; remove sslmode from the address, or turn TLS on\.$/);
    expect(await refusal(at(tls, "encrypted"))).toMatch(/it may want TLS \(add \?sslmode=verify-full to the address\)/);
    expect(await refusal(at(tls, "encrypted", "?sslmode=verify-full"))).toMatch(/certificate is not trusted; give its authority with \?sslrootcert=<file>\.$/);
    expect(await refusal(at(tls, "encrypted", "?sslmode=verify-full&sslrootcert=/no/such/file"))).toMatch(/\(ENOENT\): a file or socket that the address names is not there/);
    await (await openPostgres(at(tls, "encrypted", `?sslmode=verify-full&sslrootcert=${join(folder, "certificate")}`))).close();
  });

  test("a server that is read-only", async () => {
    expect(await refusal(at(plain, "postgres", `?options=${encodeURIComponent("-c default_transaction_read_only=on")}`))).toMatch(/the server is read-only, a standby; use the address of the primary\.$/);
  });

  test("a schema of a newer release", async () => {
    const place = await Place.in(plain.url);
    await (await place.open()).close();
    await place.sql("INSERT INTO $S.migrations (version) VALUES (999)");
    expect(await refusal(place.address())).toMatch(/its schema is version 999, this release knows \d+\. Upgrade conversimple, or use another database\.$/);
  });

  test("a host that takes the connection and says nothing", async () => {
    const { createServer } = await import("node:net");
    const silent = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => silent.once("listening", resolve));
    const { port } = silent.address() as { port: number };
    expect(await refusal(`postgres://u:${SECRET}@127.0.0.1:${port}/state`, { timeoutMs: 100 })).toMatch(/the host does not answer; check the address and the network\.$/);
    silent.close();
  });

  test.each([
    ["a / in the password", `postgres://u:p@x/${SECRET}@127.0.0.1/state`],
    ["a # in the password", `postgres://u:12#${SECRET}@127.0.0.1/state`],
    ["a ? in the password", `postgres://u:12?${SECRET}@127.0.0.1/state`],
    ["no port after the colon", `postgres://u:x@127.0.0.1:${SECRET}/state`],
  ])("an address torn apart by %s, which is not shown", async (_, address) => {
    expect(await refusal(address)).toMatch(/^The address of the PostgreSQL store cannot be read\. Write postgres:\/\/user:password@host:5432\/database; characters such as @, \/, \? or #/);
  });

  test.each([["pool=0", /pool=/], ["pool=many", /pool=/], ["prepare=yes", /prepare=/], ["schema=A%22b", /schema=/], ["schema=pg_own", /schema=/]])("an option that is wrong: %s", async (option, said) => {
    expect(await refusal(at(plain, "postgres", `?${option}`))).toMatch(said);
  });

  test("a schema may have a name that SQL uses itself, and a server that may forget is warned of", async () => {
    const warnings: LogFields[] = [];
    const log = () => {};
    const logger = { debug: log, info: log, error: log, warn: (fields: LogFields) => void warnings.push(fields) };
    const store = await openPostgres(at(plain, "postgres", "?schema=user"), { logger });
    expect((await store.commit("customer:a", { writeId: "w", expectedVersion: 0, epoch: 0 })).version).toBe(1);
    await store.close();
    expect(warnings).toEqual([{ address: store.address, setting: "fsync" }]);
  });
});
