import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ConversimpleError } from "../../src/base/errors.ts";
import type { Logger } from "../../src/base/log.ts";
import { openStore } from "../../src/stores/index.ts";
import { openRedis } from "../../src/stores/redis/opening.ts";
import { SCRIPTS } from "../../src/stores/redis/script.ts";
import { canStart } from "../servers/desk.ts";
import { findProgram } from "../servers/programs.ts";
import { freePort } from "../servers/server-process.ts";
import { startRedis, type RedisServer } from "../servers/redis.ts";

const servers: { remove(): Promise<void> }[] = [];
const PASSWORD = "hunter2";

async function started<T extends RedisServer>(starting: Promise<T>): Promise<T> {
  const server = await starting;
  servers.push(server);
  return server;
}

let server: RedisServer;
const isHere = await canStart(async () => {
  server = await started(startRedis("--requirepass", PASSWORD));
}, "redis");

afterAll(async () => {
  await Promise.all(servers.map((each) => each.remove()));
});

const at = (port: number, login = "", scheme = "redis") => `${scheme}://${login}127.0.0.1:${port}`;

/** Opens in vain; the one line that says why. */
async function failure(address: string, timeoutMs = 2_000): Promise<string> {
  const thrown: unknown = await openStore(address, { timeoutMs }).then(() => undefined, (error: unknown) => error);
  expect(thrown).toBeInstanceOf(ConversimpleError);
  const { code, message } = thrown as ConversimpleError;
  expect(code).toBe("store_misconfigured");
  expect(message).not.toContain(PASSWORD);
  expect(message).not.toContain("\n");
  return message;
}

/** A server that takes connections and says nothing. */
async function mute(): Promise<Server> {
  const listening = createServer(() => {}).listen(0, "127.0.0.1");
  await once(listening, "listening");
  servers.push({ remove: async () => void listening.close() });
  return listening;
}

describe.runIf(isHere)("opening redis", () => {
  test("a wrong password, or none, is said without repeating any", async () => {
    expect(await failure(at(server.port, `:${PASSWORD}x@`))).toMatch(/password is wrong/);
    expect(await failure(at(server.port, `nobody:${PASSWORD}@`))).toMatch(/password is wrong/);
    expect(await failure(at(server.port))).toMatch(/wants a password/);
    const store = await openStore(at(server.port, `:${PASSWORD}@`));
    expect(store.address).toBe(at(server.port));
    await store.close();
  });

  test("a wrong port, host or server is said, within the timeout", async () => {
    expect(await failure(at(await freePort()))).toMatch(/nothing listens there/);
    expect(await failure("redis://no-such-host.invalid")).toMatch(/no such host|looked up/);
    const { port } = (await mute()).address() as AddressInfo;
    for (const scheme of ["redis", "rediss", "redis+cluster", "rediss+cluster"]) expect(await failure(at(port, "", scheme), 300)).toMatch(/does not answer/);
    expect(await failure(`${at(port, "", "redis+sentinel")}/main`, 300)).toMatch(/does not answer/);
    expect(await failure(`${at(await freePort(), "", "redis+sentinel")}/main`)).toMatch(/nothing listens there/);
  });

  test("an address of another kind of server says which kind it is, and a cluster's node why it refuses", async () => {
    const open = await started(startRedis());
    expect(await failure(at(open.port, "", "redis+cluster"))).toMatch(/it is a single server; write redis:\/\//);
    expect(await failure(`${at(open.port, "", "redis+sentinel")}/main`)).toMatch(/it is no Sentinel/);
    expect(await failure(at(server.port, `:${PASSWORD}x@`, "redis+cluster"))).toMatch(/password is wrong/);
    expect(await failure(at(await freePort(), "", "redis+cluster"))).toMatch(/nothing listens there/);
    expect(await failure(`${at(server.port, `:${PASSWORD}@`, "redis+sentinel")}/main`)).toMatch(/sentinelPassword=/);
  });

  test("a user who may not do what the store needs is told what to allow", async () => {
    const own = await started(startRedis());
    await own.command("ACL", "SETUSER", "reader", "on", `>${PASSWORD}`, "~*", "+@read", "+@connection");
    expect(await failure(at(own.port, `reader:${PASSWORD}@`))).toMatch(/ACL SETUSER/);
    await own.command("ACL", "SETUSER", "agents", "on", `>${PASSWORD}`, "~conversimple:*", "+@all", "-@admin", "-@dangerous", "+info");
    const store = await openStore(at(own.port, `agents:${PASSWORD}@`));
    await store.acquire("conversation:c", { id: "p", pid: 1, host: "h", startedAtMs: 0 });
    await store.commit("conversation:c", { writeId: "w", expectedVersion: 0, epoch: 1, record: "r", facts: { customer: "c", expiresAtMs: 1e15 } });
    await store.post("conversation:c", { id: "m", text: "t" });
    expect((await store.list({ customer: "c" })).items).toHaveLength(1);
    expect(await store.pending("p")).toHaveLength(1);
    await store.sweep();
    await store.retire("p");
    await store.forget("conversation:c");
    await store.close();
  });

  test("a user who may not run a single command of the scripts is told at the opening, not in the middle of a commit", async () => {
    const own = await started(startRedis());
    await own.command("ACL", "SETUSER", "agents", "on", `>${PASSWORD}`, "~conversimple:*", "+@all");
    const used = Object.values(SCRIPTS).flatMap(({ source }) => [...source.matchAll(/call\('([A-Z]+)'/g)].map(([, command]) => command!));
    for (const command of new Set(used)) {
      if (command === "INFO") continue;
      await own.command("ACL", "SETUSER", "agents", "+@all", `-${command.toLowerCase()}`);
      expect(`${command}: ${await failure(at(own.port, `agents:${PASSWORD}@`))}`).toMatch(/NOPERM.*ACL SETUSER/);
    }
    await own.command("ACL", "SETUSER", "agents", "+@all");
    await (await openStore(at(own.port, `agents:${PASSWORD}@`))).close();
  });

  test("a full server is opened, so that something can be forgotten on it", async () => {
    const own = await started(startRedis());
    const before = await openStore(at(own.port));
    await before.commit("customer:a", { writeId: "w", expectedVersion: 0, epoch: 0, record: "r" });
    await own.command("CONFIG", "SET", "maxmemory", "1");
    const store = await openStore(at(own.port));
    expect((await store.load("customer:a"))?.record).toBe("r");
    await expect(store.commit("customer:a", { writeId: "w2", expectedVersion: 1, epoch: 0, record: "r" })).rejects.toMatchObject({ fields: { outcome: "none", redis: "OOM" } });
    expect(await store.forget("customer:a")).toMatchObject({ records: 1 });
    await Promise.all([before.close(), store.close()]);
  });

  test("a replica, a node of a cluster, and a prefix that holds something else are refused", async () => {
    const primary = await started(startRedis());
    const replica = await started(startRedis("--replicaof", "127.0.0.1", String(primary.port)));
    expect(await failure(at(replica.port), 1_000)).toMatch(/is a replica/);
    const node = await started(startRedis("--cluster-enabled", "yes", "--cluster-port", String(await freePort())));
    expect(await failure(at(node.port), 1_000)).toMatch(/cluster/);
    await primary.command("LPUSH", "conversimple:{0}:format", "x");
    expect(await failure(at(primary.port))).toMatch(/another program/);
    await primary.command("SET", "conversimple:{0}:format", "2");
    expect(await failure(at(primary.port))).toMatch(/has format 2, this release knows 1. Upgrade/);
    expect(await primary.command("DBSIZE")).toBe(":1\r\n");
  });

  test("a full memory is said when it is opened, too", async () => {
    const own = await started(startRedis("--maxmemory", "100kb"));
    expect(await failure(at(own.port))).toMatch(/raise maxmemory/);
  });

  test("a server that may throw state away is used, with a warning", async () => {
    const lines: string[] = [];
    const say = (_: object, message: string) => void lines.push(message);
    const logger: Logger = { debug: say, info: say, warn: say, error: say };
    for (const settings of [["--maxmemory-policy", "allkeys-lru", "--appendonly", "yes"], [], ["--appendonly", "yes"]]) {
      const own = await started(startRedis(...settings));
      await (await openRedis(at(own.port), { logger })).close();
    }
    expect(lines).toEqual([expect.stringContaining("maxmemory-policy is allkeys-lru"), expect.stringContaining("append-only file")]);
  });

  test("without the package the error says what to install", () => {
    const program = `
      import { registerHooks } from "node:module";
      registerHooks({ resolve(name, context, next) {
        if (name === "redis") throw Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
        return next(name, context);
      } });
      const { openStore } = await import(${JSON.stringify(new URL("../../src/stores/index.ts", import.meta.url).href)});
      await openStore("redis://127.0.0.1:1").catch((error) => console.log(error.code, error.message));`;
    const said = execFileSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
    expect(said).toMatch(/^store_misconfigured .*npm install redis/);
  });
});

describe.runIf(isHere && findProgram("openssl"))("redis with TLS", () => {
  test("a trusted certificate opens; anything else says what does not fit", async () => {
    const folder = mkdtempSync(join(tmpdir(), "redis-tls-"));
    servers.push({ remove: async () => rmSync(folder, { recursive: true }) });
    const [key, certificate] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    execFileSync(findProgram("openssl")!, ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", certificate, ...subject], { stdio: "ignore" });
    const secure = await started(startRedis("--tls-port", "PORT", "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate, "--tls-auth-clients", "no"));
    const store = await openStore(`${at(secure.port, "", "rediss")}?ca=${certificate}`);
    await store.commit("customer:a", { writeId: "w", expectedVersion: 0, epoch: 0, record: "r" });
    expect((await store.load("customer:a"))?.record).toBe("r");
    await store.close();
    expect(await failure(at(secure.port, "", "rediss"))).toMatch(/not trusted.*ca=/);
    expect(await failure(at(secure.port))).toMatch(/if it should be TLS, write rediss/);
    expect(await failure(at(server.port, `:${PASSWORD}@`, "rediss"))).toMatch(/speaks no TLS on that port/);
    expect(await failure(`${at(secure.port, "", "rediss")}?ca=/no/such/file`)).toMatch(/cannot be read/);
  });
});
