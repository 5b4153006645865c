import { expect, test } from "vitest";
import { pinoLogger } from "../../src/adapters/conversimple/logger.ts";

test("a line is one JSON object with its facts, below the level nothing is written", async () => {
  const lines: string[] = [];
  const log = await pinoLogger({ level: "warn", stream: { write: (line) => void lines.push(line) } });
  log.info({ callId: "c1" }, "not written");
  log.warn({ callId: "c1" }, "written");
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({ level: 40, name: "conversimple", callId: "c1", msg: "written" });
});

test("a level that is none is refused", async () => {
  await expect(pinoLogger({ level: "loud" })).rejects.toMatchObject({ code: "option_invalid" });
});
