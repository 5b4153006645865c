// Checks the package as a stranger gets it: packs it, looks into the tarball, installs it in an empty folder outside
// of the repository, imports every entry point and runs the program.
//
// Prints one line per check and exits non-zero when one failed.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";

/** Bytes of the packed tarball; a code-only package has no reason to be larger. */
const MAX_TARBALL_BYTES = 1_048_576;
/** What may be in the tarball. */
const MAY_CONTAIN = /^package\/(package\.json|README\.md|LICENSE|CHANGELOG\.md|ARCHITECTURE\.md|docs\/[\w/.-]+\.(md|svg|yaml)|dist\/[\w/.-]+\.(js|d\.ts)|dist\/console\/(index\.html|assets\/[\w.-]+\.(js|css|svg)))$/;
const ENTRY_POINTS = ["conversimple", "conversimple/stores", "conversimple/testing", "conversimple/platform"];

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = realpathSync(mkdtempSync(`${tmpdir()}/conversimple-package-`));
let failures = 0;

/** Runs one check; what it returns is shown behind its name. */
function check(name: string, run: () => string | void): void {
  try {
    const detail = run();
    console.log(`ok      ${name}${detail ? `: ${detail}` : ""}`);
  } catch (error) {
    failures++;
    console.log(`FAILED  ${name}\n${textOf(error)}`);
  }
}

/** The output of a program of this repository or machine; its failure is an error that carries the output. */
function output(program: string, args: readonly string[], cwd = root): string {
  return execFileSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

function textOf(error: unknown): string {
  const { message, stdout, stderr } = error as Error & { stdout?: string; stderr?: string };
  return [message, stdout, stderr].filter(Boolean).join("\n").replaceAll(/^/gm, "        ");
}

/** Packs the package as `npm publish` would, with its `prepare` script, and returns the tarball's path. */
function pack(): string {
  output("npm", ["pack", "--pack-destination", folder]);
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  if (!tarball) throw new Error("npm pack wrote no tarball");
  return `${folder}/${tarball}`;
}

function checkContents(tarball: string): string {
  const paths = output("tar", ["-tzf", tarball]).trim().split("\n");
  const strangers = paths.filter((path) => !MAY_CONTAIN.test(path));
  if (strangers.length > 0) throw new Error(`The tarball must not contain:\n${strangers.join("\n")}`);
  for (const needed of ["README.md", "LICENSE", "CHANGELOG.md", "dist/index.js", "dist/index.d.ts", "dist/cli/main.js", "dist/console/index.html"]) {
    if (!paths.includes(`package/${needed}`)) throw new Error(`The tarball lacks ${needed}`);
  }
  const bytes = statSync(tarball).size;
  if (bytes > MAX_TARBALL_BYTES) throw new Error(`The tarball has ${bytes} bytes, the limit is ${MAX_TARBALL_BYTES}`);
  return `${paths.length} files, ${Math.ceil(bytes / 1024)} KiB`;
}

function install(tarball: string, home: string): string {
  mkdirSync(home);
  writeFileSync(`${home}/package.json`, JSON.stringify({ name: "stranger", private: true, type: "module" }));
  output("npm", ["install", "--no-audit", "--no-fund", tarball], home);
  const lock = JSON.parse(readFileSync(`${home}/node_modules/.package-lock.json`, "utf8")) as { packages: Record<string, unknown> };
  return `${Object.keys(lock.packages).length} packages`;
}

/** Milliseconds that the import of an entry point takes in a fresh process, the fastest of five. */
function importTime(specifier: string, home: string): string {
  const script = `const start = performance.now(); const face = await import("${specifier}"); const ms = performance.now() - start;
    if (Object.keys(face).length === 0) throw new Error("it exports nothing");
    console.log(ms);`;
  const times = Array.from({ length: 5 }, () => Number(output(process.execPath, ["--input-type=module", "--eval", script], home)));
  return `${Math.min(...times).toFixed(1)} ms`;
}

/** The declarations in a project that has no types but those that come with the package, and skips none of them. */
function checkDeclarations(home: string): void {
  writeFileSync(`${home}/face.ts`, ENTRY_POINTS.map((entry, index) => `import * as face${index} from "${entry}";\nvoid face${index};\n`).join(""));
  const compilerOptions = { target: "esnext", module: "nodenext", types: [], strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true };
  writeFileSync(`${home}/tsconfig.json`, JSON.stringify({ compilerOptions, files: ["face.ts"] }));
  output(`${root}node_modules/.bin/tsc`, ["-p", home], home);
}

function checkProgram(home: string): string {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { version: string };
  const said = output(`${home}/node_modules/.bin/conversimple`, ["--version"], home).trim();
  if (!said.includes(version)) throw new Error(`conversimple --version says "${said}", expected ${version}`);
  const help = output(`${home}/node_modules/.bin/conversimple`, ["--help"], home);
  if (!/^\s+dev\s/m.test(help)) throw new Error("conversimple --help does not list the command dev");
  return said;
}

try {
  const bin = `${root}node_modules/.bin/`;
  const tarball = pack();
  const home = `${folder}/home`;
  check("the tarball holds the build and nothing else", () => checkContents(tarball));
  check("publint", () => void output(`${bin}publint`, ["run", tarball, "--strict"]));
  check("are the types wrong", () => void output(`${bin}attw`, [tarball, "--profile", "esm-only", "--no-emoji"]));
  check("installs in an empty folder", () => install(tarball, home));
  for (const entry of ENTRY_POINTS) check(`import("${entry}")`, () => importTime(entry, home));
  check("the declarations compile with no other types", () => checkDeclarations(home));
  check("the program runs", () => checkProgram(home));
} catch (error) {
  failures++;
  console.log(`FAILED  npm pack\n${textOf(error)}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;
