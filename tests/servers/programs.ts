// The programs that the tests need: from the PATH, from where Debian puts them, else installed where that may be.
//
//   PR1. A program that cannot be had skips its suites with one loud line; in CI it fails them.

import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** What a suite may need. */
export type Service = "redis" | "postgres" | "pgbouncer" | "chromium" | "strace";

interface Needed {
  readonly programs: readonly string[];
  readonly packages: readonly string[];
}

const NEEDED: Readonly<Record<Service, Needed>> = {
  redis: { programs: ["redis-server"], packages: ["redis-server"] },
  postgres: { programs: ["initdb", "postgres"], packages: ["postgresql"] },
  pgbouncer: { programs: ["pgbouncer"], packages: ["pgbouncer"] },
  chromium: { programs: ["chromium"], packages: ["chromium"] },
  strace: { programs: ["strace"], packages: ["strace"] },
};

const DEBIAN_POSTGRES = "/usr/lib/postgresql";

/** Why a suite cannot run here (PR1). */
export class Unavailable extends Error {}

/** The paths of a service's programs, by name. @throws {Unavailable} They are not here and cannot be installed. */
export function programsOf(service: Service): Readonly<Record<string, string>> {
  const { programs, packages } = NEEDED[service];
  const found = () => Object.fromEntries(programs.flatMap((name): [string, string][] => ((path) => (path ? [[name, path]] : []))(findProgram(name))));
  const isComplete = () => Object.keys(found()).length === programs.length;
  if (!isComplete()) install(service, packages);
  if (!isComplete()) throw new Unavailable(`${programs.join(" and ")} cannot be found`);
  return found();
}

/** The path of a program that can be run; of several PostgreSQL releases the newest. */
export function findProgram(name: string): string | undefined {
  const releases = existsSync(DEBIAN_POSTGRES) ? readdirSync(DEBIAN_POSTGRES).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", ...releases.map((release) => `${DEBIAN_POSTGRES}/${release}/bin`)];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function install(service: Service, packages: readonly string[]): void {
  const program = findProgram("apt-get");
  if (process.getuid?.() !== 0 || !program) throw new Unavailable(`${service} is not installed; install ${packages.join(" ")}, or name a server in CONVERSIMPLE_TEST_${service.toUpperCase()}`);
  // Run level 1: what is installed is not started as a service of the machine.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  // Test files run beside each other, and apt does not wait for who reads its lists: one after another.
  const flock = findProgram("flock");
  const alone = flock ? ["-w", "600", join(tmpdir(), "conversimple-tests-apt.lock"), program] : [];
  const apt = (...args: string[]) => execFileSync(flock ?? program, [...alone, "-o", "DPkg::Lock::Timeout=300", "-qq", ...args], { env, stdio: "ignore", timeout: 600_000 });
  process.stderr.write(`installing ${packages.join(" ")} for the tests ...\n`);
  try {
    apt("update");
    apt("install", "-y", "--no-install-recommends", ...packages);
  } catch (thrown) {
    throw new Unavailable(`${packages.join(" ")} cannot be installed (${thrown instanceof Error ? thrown.message.split("\n")[0] : "unknown error"})`);
  }
}
