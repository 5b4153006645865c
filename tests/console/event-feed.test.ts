// The feed against a real server that ends streams, goes away and comes back.

import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";

import { Api } from "../../console/src/lib/api.ts";
import { backoffMs } from "../../console/src/lib/backoff.ts";
import { EventFeed } from "../../console/src/lib/event-feed.ts";
import type { InspectorEvent } from "../../src/inspector/api.ts";

interface Asked {
  readonly lastEventId: string | undefined;
  readonly authorization: string | undefined;
  readonly response: ServerResponse;
}

async function feedServer(port = 0, status = 200) {
  const asked: Asked[] = [];
  const server: Server = createServer((request, response) => {
    asked.push({ lastEventId: request.headers["last-event-id"] as string | undefined, authorization: request.headers.authorization, response });
    response.writeHead(status, { "content-type": "text/event-stream" });
    if (status === 200) response.write(": hello\n\n");
    else response.end('{"error":{"type":"unavailable","message":"Not now."}}');
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(stop);
  return { asked, stop, port: (server.address() as AddressInfo).port };
}

/** A feed whose waits a test ends by hand. */
function feedOf(port: number) {
  const waits: { run: () => void; ms: number }[] = [];
  const api = new Api("ci_test", undefined, (path, init) => fetch(`http://127.0.0.1:${port}${String(path)}`, init));
  const feed = new EventFeed({
    open: (lastEventId, signal) => api.events(lastEventId, signal),
    now: () => 1_000,
    chance: () => 0,
    later: (run, ms) => {
      const wait = { run, ms };
      waits.push(wait);
      return () => void waits.splice(waits.indexOf(wait), 1);
    },
  });
  onTestFinished(feed.stop);
  const heard: InspectorEvent[] = [];
  feed.onEvent((event) => void heard.push(event));
  const state = () => feed.connection.get().state;
  /** Ends the wait before the next try. */
  const tryAgain = () => waits.find(({ ms }) => ms < 20_000)!.run();
  return { feed, heard, waits, state, tryAgain };
}

const write = ({ response }: Asked, id: number, event: InspectorEvent) => response.write(`id: ${id}\ndata: ${JSON.stringify(event)}\n\n`);

test("what happens is heard, with the token in the header", async () => {
  const { asked, port } = await feedServer();
  const { feed, heard, state } = feedOf(port);
  feed.start();
  await vi.waitFor(() => expect(state()).toBe("live"));
  write(asked[0]!, 1, { type: "agents" });
  await vi.waitFor(() => expect(heard).toEqual([{ type: "agents" }]));
  expect(asked[0]).toMatchObject({ authorization: "Bearer ci_test" });
  expect(asked[0]!.lastEventId).toBeUndefined();
});

test("a stream that ends is opened again where it was, and everything is asked for again", async () => {
  const { asked, port } = await feedServer();
  const { feed, heard, state, tryAgain } = feedOf(port);
  feed.start();
  await vi.waitFor(() => expect(state()).toBe("live"));
  write(asked[0]!, 7, { type: "agents" });
  await vi.waitFor(() => expect(heard).toHaveLength(1));
  asked[0]!.response.end();
  await vi.waitFor(() => expect(feed.connection.get()).toEqual({ state: "lost", sinceMs: 1_000, nextTryMs: 1_400 }));
  tryAgain();
  await vi.waitFor(() => expect(state()).toBe("live"));
  expect(asked[1]!.lastEventId).toBe("7");
  expect(heard).toEqual([{ type: "agents" }, { type: "reset" }]);
});

test("the page comes back after a restart of the server", async () => {
  const first = await feedServer();
  const { feed, heard, state, tryAgain, waits } = feedOf(first.port);
  feed.start();
  await vi.waitFor(() => expect(state()).toBe("live"));
  await first.stop();
  await vi.waitFor(() => expect(state()).toBe("lost"));
  for (const expected of [800, 1_600]) {
    tryAgain();
    await vi.waitFor(() => expect(waits.map(({ ms }) => ms)).toEqual([expected]));
  }
  const second = await feedServer(first.port);
  tryAgain();
  await vi.waitFor(() => expect(state()).toBe("live"));
  write(second.asked[0]!, 1, { type: "customer", key: "k", version: 2 });
  await vi.waitFor(() => expect(heard).toEqual([{ type: "reset" }, { type: "customer", key: "k", version: 2 }]));
});

test("a refused stream is tried again; a silent one is given up", async () => {
  const busy = await feedServer(0, 503);
  const refused = feedOf(busy.port);
  refused.feed.start();
  await vi.waitFor(() => expect(refused.state()).toBe("lost"));
  const silent = await feedServer();
  const { feed, state, waits } = feedOf(silent.port);
  feed.start();
  await vi.waitFor(() => expect(state()).toBe("live"));
  waits.find(({ ms }) => ms > 20_000)!.run();
  await vi.waitFor(() => expect(state()).toBe("lost"));
});

test("a server that has nothing to tell is not asked again, and says why", async () => {
  const { asked, port } = await feedServer(0, 501);
  const { feed, state, waits } = feedOf(port);
  feed.start();
  await vi.waitFor(() => expect(state()).toBe("unavailable"));
  expect(feed.connection.get()).toMatchObject({ failure: { message: "Not now.", status: 501 } });
  expect([asked.length, waits]).toEqual([1, []]);
});

test("a listener that throws takes nothing from the others, and a broken event is passed over", async () => {
  const complaint = vi.spyOn(console, "error").mockReturnValue();
  onTestFinished(() => complaint.mockRestore());
  const { asked, port } = await feedServer();
  const { feed, heard, state } = feedOf(port);
  feed.onEvent(() => {
    throw new Error("a panel failed");
  });
  const late: InspectorEvent[] = [];
  feed.onEvent((event) => void late.push(event));
  feed.start();
  await vi.waitFor(() => expect(state()).toBe("live"));
  asked[0]!.response.write("data: {broken\n\n");
  write(asked[0]!, 1, { type: "agents" });
  await vi.waitFor(() => expect(late).toEqual([{ type: "agents" }]));
  expect(heard).toEqual([{ type: "agents" }]);
  expect(complaint).toHaveBeenCalledOnce();
});

test("after stop nothing is heard and nothing is tried", async () => {
  const { asked, port } = await feedServer();
  const { feed, state, waits } = feedOf(port);
  feed.start();
  await vi.waitFor(() => expect(state()).toBe("live"));
  feed.stop();
  await vi.waitFor(() => expect(asked[0]!.response.destroyed).toBe(true));
  expect(waits).toEqual([]);
});

test("each failure waits longer, never longer than ten seconds, and chance takes at most half", () => {
  const longest = Array.from({ length: 40 }, (_, failures) => backoffMs(failures, 0));
  expect(longest.slice(0, 4)).toEqual([400, 800, 1_600, 3_200]);
  expect(Math.max(...longest)).toBe(10_000);
  expect(backoffMs(3, 0.999)).toBeGreaterThanOrEqual(1_600);
});
