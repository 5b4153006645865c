import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";

import { violationsOn } from "./accessibility.ts";
import { hasBrowser, openPage, openWatchedPage } from "./browser.ts";

/** A page on a free port of this machine. */
async function served(body: string): Promise<string> {
  const server = createServer((_request, response) => response.setHeader("Content-Type", "text/html").end(`<!doctype html><link rel="icon" href="data:,">${body}`)).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test.runIf(hasBrowser)("a real browser runs the scripts of a page", async () => {
  const page = await openPage();
  await page.goto(await served("<p></p><script>document.querySelector('p').textContent = [1, 2].toReversed().join()</script>"));
  expect(await page.textContent("p")).toBe("2,1");
});

test.runIf(hasBrowser)("a page that throws is noticed", async () => {
  const { page, faults } = await openWatchedPage();
  await page.goto(await served("<script>throw new Error('a fuse blew')</script>"));
  expect(faults).toEqual(["threw: a fuse blew"]);
});

test.runIf(hasBrowser)("a page that asks another machine for something is noticed, and nothing is sent", async () => {
  const { page, faults } = await openWatchedPage({ expected: /ERR_FAILED/ });
  await page.goto(await served("<img src='http://elsewhere.test/pixel.png'>"));
  expect(faults).toEqual(["asked elsewhere.test"]);
});

test.runIf(hasBrowser)("a page that breaks its own policy is noticed", async () => {
  const { page, faults } = await openWatchedPage();
  await page.goto(await served("<meta http-equiv=Content-Security-Policy content=\"style-src 'self'\"><p style='color: red'></p>"));
  expect(faults).toEqual([expect.stringMatching(/^console: .*Content Security Policy/)]);
});

test.runIf(hasBrowser)("what is not accessible is found, and where", async () => {
  const page = await openPage();
  await page.goto(await served("<html lang=en><title>a page</title><main><h1>a page</h1><button></button></main>"));
  expect(await violationsOn(page)).toEqual([expect.stringMatching(/^button-name \(critical\): button - /)]);
});
