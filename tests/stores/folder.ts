// A temporary folder for the files of one test file.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** Returns a function that names a new file each time; everything goes away after the tests. */
export function temporaryFiles(name: string): () => string {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  let files = 0;
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return () => join(folder, `${++files}.db`);
}
