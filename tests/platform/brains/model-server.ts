// A small server that speaks OpenAI's chat completions as a stream: real HTTP, with answers that the test gives.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the model answers to one request. */
export interface Answer {
  /** Pieces of text, each an event of its own. */
  readonly text?: readonly string[];
  readonly calls?: readonly { readonly id: string; readonly name: string; readonly input: unknown }[];
  /** Waits before it ends. */
  readonly until?: Promise<unknown>;
  /** An HTTP status instead of an answer. */
  readonly status?: number;
}

export interface ModelRequest {
  readonly headers: IncomingMessage["headers"];
  readonly body: { readonly messages: { role: string; content: unknown; tool_calls?: unknown[]; tool_call_id?: string }[]; readonly tools?: { function: { name: string } }[]; readonly stream: boolean };
  /** Resolves when the client cut the stream. */
  readonly cut: Promise<void>;
}

export async function modelServer(answer: (request: ModelRequest, index: number) => Answer) {
  const requests: ModelRequest[] = [];
  const server = createServer((request, response) => void serve(request, response));
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const cut = new Promise<void>((resolve) => response.once("close", () => void (response.writableFinished || resolve())));
    const asked: ModelRequest = { headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString("utf8")), cut };
    requests.push(asked);
    const given = answer(asked, requests.length - 1);
    if (given.status !== undefined) return void response.writeHead(given.status, { "content-type": "application/json" }).end('{"error":{"message":"no","type":"server_error"}}');
    response.writeHead(200, { "content-type": "text/event-stream" });
    const send = (delta: object, finish: string | null = null) => void response.write(`data: ${JSON.stringify({ id: "r1", object: "chat.completion.chunk", created: 0, model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`);
    for (const piece of given.text ?? []) send({ role: "assistant", content: piece });
    given.calls?.forEach(({ id, name, input }, index) => {
      const text = JSON.stringify(input);
      send({ tool_calls: [{ index, id, type: "function", function: { name, arguments: text.slice(0, 5) } }] });
      send({ tool_calls: [{ index, function: { arguments: text.slice(5) } }] });
    });
    await given.until;
    send({}, given.calls ? "tool_calls" : "stop");
    response.end("data: [DONE]\n\n");
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const stop = () => new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
  return { baseUrl, requests, [Symbol.asyncDispose]: stop };
}
