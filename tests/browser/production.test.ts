import { expect, afterAll, beforeAll, test } from "vitest";

import { openStore } from "../../src/stores/index.ts";
import { entryText } from "../../src/state/journal.ts";
import { conversationOwner, type Store } from "../../src/state/store.ts";
import { LocalPlatform } from "../../src/platform/local-platform.ts";
import { Workplace } from "../cli/program.ts";
import { hasBrowser, openPage } from "./browser.ts";
import { entryIn, isLive, rowsOf, TEST_MS, valueIn, view } from "./inspector.ts";

const KEY = "cs_test_of_production";
const CALLS = 10_000;
const ENTRIES = 5_000;

const CLINIC = `import { ConversimpleAgent, conversationState, session, tool } from "conversimple";
import { z } from "zod";
export class ClinicAgent extends ConversimpleAgent {
  static override readonly agentId = "clinic";
  readonly state = conversationState(z.object({ patient: z.string().default("").meta({ pii: true }), visits: z.number().default(0) }));
  readonly session = session({ user: z.object({ id: z.string() }) });
  register = tool("Register the patient", { patient: z.string().meta({ pii: true }) }, ({ patient }) => {
    this.state.patient = patient;
    this.state.visits += 1;
    return { registered: true };
  });
}
`;

const place = new Workplace(afterAll);
let page = "";

/** What a busy service has after some weeks, written past the agents: each of them is long over. */
async function fill(store: Store): Promise<void> {
  const facts = { status: "ended", agentId: "clinic", customer: null, endReason: "caller_hangup", expiresAtMs: null } as const;
  const entry = (index: number): string => entryText({ unit: "tool", name: `look_up_${index}`, callId: `call-${index}`, outcome: "ok", ms: [0, 0, index % 90] });
  await Promise.all(Array.from({ length: CALLS }, (_, index) => store.commit(conversationOwner(`call-${String(index).padStart(5, "0")}`), { writeId: `w${index}`, expectedVersion: 0, epoch: 0, facts })));
  // In their order: those that wait together are one transaction.
  await Promise.all(Array.from({ length: ENTRIES }, (_, index) => store.commit(conversationOwner("long"), { writeId: `e${index}`, expectedVersion: index, epoch: 0, entry: entry(index), ...(index === 0 ? { facts } : {}) })));
}

beforeAll(async () => {
  if (!hasBrowser) return;
  place.write("clinic.agent.ts", CLINIC);
  const store = await openStore(`sqlite:${place.path}/state.db`);
  await fill(store);
  await store.close();
  const platform = new LocalPlatform({ port: 0, apiKey: KEY });
  const { url } = await platform.start();
  afterAll(() => platform.stop());
  const program = place.start(["start", ".", "--platform-url", url, "--store", "sqlite:state.db", "--inspector-port", "0"], { CONVERSIMPLE_API_KEY: KEY });
  page = (JSON.parse((await program.says(/\{[^\n]*"the inspector listens"[^\n]*\}/))[0]) as { url: string }).url;
  const { conversationId } = await platform.createConversation({ agentId: "clinic", conversationId: "today" });
  await platform.callTool({ conversationId, tool: "register", arguments: { patient: "Ada Canary" } });
}, TEST_MS);

test.runIf(hasBrowser)("in production the page looks and does nothing else, and what is personal is masked", { timeout: TEST_MS }, async () => {
  const tab = await openPage();
  await tab.goto(page);
  await isLive(tab);
  await tab.getByText("production · read only").waitFor();
  await rowsOf(tab).filter({ hasText: "today" }).click();
  const state = await view(tab, "State");
  await valueIn(state, /^patient: masked/).waitFor();
  await valueIn(state, "visits: 1").waitFor();
  await entryIn(await view(tab, "Timeline"), "register").click();
  await tab.getByRole("region", { name: /^Entry \d, register$/ }).waitFor();
  for (const name of [/^New call/, /^Run a tool/, /^Edit/, /^Remove/, /^Add/, /^Show what is masked/, /^End/, /^Fork/, /^Hang up/]) expect(await tab.getByRole("button", { name }).count(), String(name)).toBe(0);
  expect(await tab.getByRole("textbox", { name: "Say something" }).count()).toBe(0);
  await tab.getByRole("button", { name: "More to do with this conversation" }).click();
  expect(await tab.getByRole("menuitem").allInnerTexts()).toEqual([expect.stringMatching(/^Export as JSON/)]);
  expect((await tab.content()).includes("Canary")).toBe(false);
});

test.runIf(hasBrowser)("10,000 conversations are one list that is drawn where one looks, from the first to the last", { timeout: TEST_MS }, async () => {
  const tab = await openPage();
  await tab.goto(page);
  await tab.getByText("10,002 conversations", { exact: true }).waitFor();
  const list = tab.getByRole("listbox", { name: "Conversations" });
  expect(await rowsOf(tab).count()).toBeLessThan(60);
  await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await tab.locator('[aria-posinset="10002"]').waitFor();
  expect(await rowsOf(tab).count()).toBeLessThan(60);

  await tab.getByRole("textbox", { name: "Search conversations" }).fill("call-04711");
  await tab.getByText("1 conversation", { exact: true }).waitFor();
  await rowsOf(tab).filter({ hasText: "call-04711" }).click();
  await tab.getByRole("heading", { name: "call-04711" }).waitFor();
});

test.runIf(hasBrowser)("a journal of 5,000 entries is walked from the newest to the oldest, and searched", { timeout: TEST_MS }, async () => {
  const tab = await openPage();
  await tab.goto(page.replace("#", "#/c/long/timeline?"));
  const timeline = await view(tab, "Timeline");
  await entryIn(timeline, "look_up_4999").waitFor();
  const all = timeline.getByRole("option");
  expect(await all.count()).toBeLessThan(60);
  await timeline.getByRole("listbox").press("Home");
  await entryIn(timeline, /look_up_0(?!\d)/).waitFor();
  await timeline.getByRole("listbox").press("End");
  await entryIn(timeline, "look_up_4999").waitFor();
  expect(await all.count()).toBeLessThan(60);
  await timeline.getByRole("searchbox").or(timeline.getByRole("textbox")).fill("look_up_2345");
  await entryIn(timeline, "look_up_2345").waitFor();
  expect(await all.count()).toBe(1);
});
