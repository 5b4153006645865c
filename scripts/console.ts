// Builds the inspector's page. What was built from the same sources before is taken again: most builds change none of them.
//
//   BC1. The page's first load is at most MAX_FIRST_LOAD bytes of gzipped JavaScript; what is loaded later does not count.
//   BC2. No inline script or style, and no address of another machine, in the page.

import { createHash } from "node:crypto";
import { cpSync, existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const MAX_FIRST_LOAD = 150 * 1024;

const root = fileURLToPath(new URL("..", import.meta.url));
const kept = `${root}node_modules/.cache/conversimple-console/`;

/** Builds the page into a folder. @throws when it is too large (BC1) or could not run under its policy (BC2). */
export async function buildConsole(folder: string): Promise<void> {
  const built = `${kept}${digestOfSources()}`;
  if (!existsSync(built)) await buildAnew(built);
  checkPage(built);
  cpSync(built, folder, { recursive: true });
}

async function buildAnew(built: string): Promise<void> {
  mkdirSync(kept, { recursive: true });
  const fresh = `${kept}fresh.${process.pid}`;
  // Only when it is needed: its import takes longer than the rest of a build.
  const { build } = await import("vite");
  // A test runner says "test", and React would come with everything that it has for development.
  process.env.NODE_ENV = "production";
  await build({ root: `${root}console`, configFile: `${root}console/vite.config.ts`, logLevel: "error", build: { outDir: fresh, emptyOutDir: true } });
  for (const name of readdirSync(kept)) if (!name.startsWith("fresh.")) rmSync(kept + name, { recursive: true, force: true });
  renameSync(fresh, built);
}

/** Of everything that the page is made of. */
function digestOfSources(): string {
  const hash = createHash("sha256").update(process.version);
  const paths = ["package-lock.json", "scripts/console.ts", ...globSync("console/{index.html,package.json,*.config.ts,src/**/*.*}", { cwd: root }).sort()];
  for (const path of paths) hash.update(path).update("\0").update(readFileSync(root + path)).update("\0");
  return hash.digest("hex").slice(0, 32);
}

/** BC1 and BC2. @throws what a built page does not keep. */
export function checkPage(built: string): void {
  const page = readFileSync(`${built}/index.html`, "utf8");
  if (/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|https?:\/\//i.test(page)) throw new Error("dist/console/index.html has something inline or from elsewhere, which its policy refuses.");
  const names = firstLoad(built, page);
  const bytes = names.reduce((sum, name) => sum + gzipSync(readFileSync(`${built}/${name}`)).length, 0);
  const shown = `${(bytes / 1024).toFixed(1)} KiB of gzipped JavaScript at first load`;
  if (bytes > MAX_FIRST_LOAD) throw new Error(`The inspector's page has ${shown}, the limit is ${MAX_FIRST_LOAD / 1024} KiB. Load lazily what is not looked at first.`);
  if (process.env.CONSOLE_SIZE) console.log(`console: ${shown}`);
}

/** The scripts that the page loads before anything is chosen: its own, and what those import statically. */
function firstLoad(built: string, page: string): string[] {
  const names = [...page.matchAll(/(?:src|href)="\.\/([^"]+\.js)"/g)].map((match) => match[1]!);
  for (const name of names) {
    const text = readFileSync(`${built}/${name}`, "utf8");
    for (const [, imported] of text.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) {
      const path = `assets/${imported}`;
      if (!names.includes(path)) names.push(path);
    }
  }
  return names;
}
