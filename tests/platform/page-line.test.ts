// The page's side of a line against the real local platform.

import { expect, onTestFinished, test, vi } from "vitest";

import { RelayCall, type LineParameters, type SocketListener } from "../../console/src/talk/relay-call.ts";
import { WorkflowAgent } from "../../examples/workflow/agent.ts";
import { KEY } from "./clients.ts";
import { talking } from "./brains/talking.ts";

/** A line whose sockets a test can cut, and whose waits it ends by hand. */
function lineTo(url: string, parameters: Partial<LineParameters> = {}, key = KEY) {
  const sockets: WebSocket[] = [];
  const waits: (() => void)[] = [];
  const connect = (listener: SocketListener) => {
    const bearer = Buffer.from(key).toString("base64url");
    const socket = new WebSocket(`${url.replace("http", "ws")}/callers/websocket`, ["phoenix", `base64url.bearer.phx.${bearer}`]);
    sockets.push(socket);
    socket.addEventListener("open", listener.opened);
    socket.addEventListener("message", (event) => listener.heard(event.data));
    socket.addEventListener("close", ({ code }) => listener.closed(code));
    return { send: (text: string) => socket.send(text), close: (code: number) => socket.close(code) };
  };
  const line = new RelayCall({ agent: "workflow", conversation: "page-1", ...parameters }, { connect, chance: () => 0, later: (run) => {
    waits.push(run);
    return () => void waits.splice(waits.indexOf(run), 1);
  } });
  const said: string[] = [];
  let utterance = "";
  line.listener = {
    text: (token, isLast) => {
      utterance += token;
      if (!isLast) return;
      said.push(utterance);
      utterance = "";
    },
    over: () => undefined,
  };
  onTestFinished(() => line.hangUp());
  return { line, said, sockets, waits };
}

test("what is said before the line is open is said when it is", async () => {
  await using hotel = await talking(new WorkflowAgent());
  const { line, said } = lineTo(hotel.url);
  line.say("I'd like to book a room");
  await vi.waitFor(() => expect(said.at(-1)).toBe("When would you like to book?"), 15_000);
  expect(line.state.get()).toEqual({ state: "open" });
});

test("a lost line comes back to the same call, with what was said meanwhile", async () => {
  await using hotel = await talking(new WorkflowAgent());
  const { line, said, sockets, waits } = lineTo(hotel.url);
  line.say("I'd like to book a room");
  await vi.waitFor(() => expect(said.at(-1)).toBe("When would you like to book?"), 15_000);
  // Not 1000: a page that goes away does not hang up.
  sockets[0]!.close(3_001);
  await vi.waitFor(() => expect(line.state.get()).toEqual({ state: "lost" }));
  expect(hotel.local.conversation("page-1").status).not.toBe("ended");
  waits.shift()!();
  await vi.waitFor(() => expect(line.state.get()).toEqual({ state: "open" }));
  line.say("from the 3rd to the 5th of May");
  await vi.waitFor(() => expect(said.at(-1)).toBe("How many guests?"), 15_000);
});

test("hanging up ends the call, and nothing rings again", async () => {
  await using hotel = await talking(new WorkflowAgent());
  const { line, said, waits } = lineTo(hotel.url);
  line.open();
  await vi.waitFor(() => expect(said).toHaveLength(1), 15_000);
  line.hangUp();
  await vi.waitFor(() => expect(hotel.local.conversation("page-1")).toMatchObject({ status: "ended", reason: "hangup" }));
  line.open();
  expect([line.state.get(), waits]).toEqual([{ state: "over", reason: "hangup" }, []]);
});

test("an end from the other side says why", async () => {
  await using hotel = await talking(new WorkflowAgent());
  const { line, said } = lineTo(hotel.url);
  line.say("goodbye");
  await vi.waitFor(() => expect(line.state.get()).toMatchObject({ state: "over" }), 15_000);
  expect(said.length).toBeGreaterThan(0);
  expect(hotel.local.conversation("page-1").status).toBe("ended");
});

test("a line that is refused says why and does not ring again by itself", async () => {
  await using hotel = await talking(new WorkflowAgent());
  const { line, waits } = lineTo(hotel.url, { agent: "nobody", conversation: "c1" });
  line.open();
  await vi.waitFor(() => expect(line.state.get()).toEqual({ state: "refused", message: "A conversation with this id exists for another agent. Use another one." }), 15_000);
  expect(waits).toEqual([]);
});

test("keys of the phone are heard, and nothing of them is shown", async () => {
  await using hotel = await talking(new WorkflowAgent());
  const { line, said } = lineTo(hotel.url);
  line.open();
  await vi.waitFor(() => expect(said).toHaveLength(1), 15_000);
  for (const digit of "4711#") line.press(digit);
  await vi.waitFor(() => expect(said).toHaveLength(2), 15_000);
  expect(JSON.stringify(hotel.events)).not.toContain("4711");
});

test("an interruption is told while an utterance goes on, with what was heard of it", async () => {
  const sent: string[] = [];
  let hear: SocketListener | undefined;
  const line = new RelayCall({ agent: "workflow", conversation: "page-1" }, { connect: (listener) => {
    hear = listener;
    return { send: (text) => void sent.push(text), close: () => undefined };
  }, chance: () => 0, later: () => () => undefined });
  line.open();
  hear!.opened();
  hear!.heard(JSON.stringify({ type: "text", token: "The total is ", last: false }));
  expect(line.utterance).toBe("The total is ");
  line.interrupt(line.utterance);
  expect(JSON.parse(sent.at(-1)!)).toMatchObject({ type: "interrupt", utteranceUntilInterrupt: "The total is " });
  expect(line.utterance).toBe("");
});
