import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

import type { CallResult, ConversationView, Replay, SavedTest, TimelinePage } from "../../src/inspector/api.ts";
import { cartAgent, Workplace, type Dev } from "../cli/program.ts";

/** What a page asks of the inspector of `dev`. */
function asker({ url, token }: Dev) {
  return async <T>(path: string, body?: object): Promise<T> => {
    const given = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const response = await fetch(`${url}/inspector/api${path}`, { ...given, headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" } });
    return { ...((await response.json()) as object), status: response.status } as T;
  };
}

test("in dev a call is edited, forked, replayed on changed code, and saved as a test that runs", { timeout: 90_000 }, async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const dev = await place.dev();
  const ask = asker(dev);
  await ask("/conversations", { agentId: "shop", conversationId: "c1" });
  const call = (id: string, productId: string) => ask<CallResult>(`/conversations/${id}/tool-calls`, { tool: "add_to_cart", arguments: { productId } });
  expect(await call("c1", "P1")).toMatchObject({ kind: "result" });
  const { version } = await ask<{ version: number }>("/conversations/c1/edit", { part: "state", patches: [["splice", ["cart"], 0, 1, []]] });
  await call("c1", "P2");
  expect(await ask("/conversations/c1/edit", { part: "state", patches: [["set", ["cart"], 5]] })).toMatchObject({ status: 422, error: { type: "state_invalid" } });

  const fork = await ask<{ conversationId: string }>("/conversations/c1/fork", { version });
  await call(fork.conversationId, "P3");
  const forked = await ask<ConversationView>(`/conversations/${fork.conversationId}`);
  expect(JSON.stringify(forked.parts)).toMatch(/P3/);
  expect(JSON.stringify(forked.parts)).not.toMatch(/P2/);
  // The platform confirmed the first answer before the edit came: the entry of the edit knows how long that took.
  const { entries: calls } = await ask<TimelinePage>("/conversations/c1/timeline");
  expect(calls[1]).toMatchObject({ name: "add_to_cart", commitMs: expect.any(Number) as number, replyMs: expect.any(Number) as number });
  const { entries } = await ask<TimelinePage>(`/conversations/${fork.conversationId}/timeline`);
  expect(entries[0]).toMatchObject({ unit: "outside", name: "fork", reason: `from c1 at version ${version}` });

  expect(await ask<Replay>("/conversations/c1/replay", {})).toMatchObject({ isSame: true });
  const saved = await ask<SavedTest>("/conversations/c1/test", { save: true });
  expect(saved).toMatchObject({ savedAs: "tests/calls/shop-c1.test.ts", fileName: "shop-c1.test.ts" });
  expect(saved.text).toContain('import { CartAgent } from "../../agent.ts";');
  const said = execFileSync(process.execPath, ["--test", join(place.path, saved.savedAs!)], { cwd: place.path, encoding: "utf8", env: { ...process.env, NODE_TEST_CONTEXT: undefined } });
  expect(said).toMatch(/pass 1/);

  // The agents are loaded anew: the same call gives something else now, and the saved test says so.
  const heard = dev.program.out.length;
  place.write("agent.ts", cartAgent("put in"));
  await dev.program.says(/ready again/, heard);
  const changed = await ask<Replay>("/conversations/c1/replay", {});
  expect(changed.isSame).toBe(false);
  expect(changed.steps.flatMap(({ differences }) => differences)).toContain("result.said");
  expect(() => execFileSync(process.execPath, ["--test", join(place.path, saved.savedAs!)], { cwd: place.path, stdio: "pipe", env: { ...process.env, NODE_TEST_CONTEXT: undefined } })).toThrow("Command failed");
});
