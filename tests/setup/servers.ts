// Keeps the servers that the test files of one run share (tests/servers/desk.ts): none is started before it is asked for.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Desk, DESK } from "../servers/desk.ts";

export default function setup(): () => Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "conversimple-desk-"));
  const desk = new Desk();
  const path = join(folder, "desk.sock");
  const listener = desk.listen(path);
  process.env[DESK] = path;
  return async () => {
    listener.close();
    await desk.close();
    rmSync(folder, { recursive: true, force: true });
  };
}
