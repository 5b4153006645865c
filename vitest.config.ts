import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^conversimple$/, replacement: source("src/index.ts") },
      { find: /^conversimple\/(stores|testing|platform)$/, replacement: `${source("src")}/$1/index.ts` },
    ],
  },
  test: {
    include: ["tests/**/*.test.ts"],
    globalSetup: ["tests/setup/build.ts", "tests/setup/servers.ts"],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    pool: "forks",
    // Most of a test is waiting for a process, a disk or a server: one more than two cores have.
    maxWorkers: 3,
  },
});
