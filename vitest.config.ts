import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Tests that leave nothing behind in their process: the next file may have it, and what it has loaded. Nothing that they
 * import may register a hook (`beforeEach`) when it is loaded: it would be there for the first file only.
 */
const IN_ONE_PROCESS = ["unit", "wire", "privacy", "console"].map((folder) => `tests/${folder}/**/*.test.ts`);

export default defineConfig({
  resolve: {
    alias: [
      { find: /^conversimple$/, replacement: source("src/index.ts") },
      { find: /^conversimple\/(stores|testing|platform)$/, replacement: `${source("src")}/$1/index.ts` },
    ],
  },
  test: {
    globalSetup: ["tests/setup/build.ts", "tests/setup/servers.ts"],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    pool: "forks",
    // Most of a test is waiting for a process, a disk or a server: one more than two cores have.
    maxWorkers: 3,
    projects: [
      { test: { name: "shared", include: IN_ONE_PROCESS, isolate: false } },
      { test: { name: "alone", include: ["tests/**/*.test.ts"], exclude: IN_ONE_PROCESS } },
    ],
  },
});
