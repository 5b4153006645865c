import { expect, test } from "vitest";

import { hasBrowser, openPage } from "./browser.ts";
import { devWith, enter, entryIn, newCall, post, say, TEST_MS, valueIn, view } from "./inspector.ts";

const MARKUP = `<img src=x onerror="alert('from state')"><script>alert('from a script')</script>`;

const NOTES = `import { ConversimpleAgent, conversationState, tool } from "conversimple";
import { z } from "zod";
export class NotesAgent extends ConversimpleAgent {
  static override readonly agentId = "notes";
  readonly state = conversationState(z.object({ note: z.string().default(""), long: z.string().default(""), fields: z.record(z.string(), z.string()).default({}) }), { maxBytes: 1_000_000 });
  writeNote = tool("Write a note", { note: z.string() }, ({ note }) => {
    this.state.note = note;
    this.state.fields[note] = note;
    return { note };
  });
  fill = tool("Write a long text", () => void (this.state.long = "wide ".repeat(184_320)));
}
`;

const { dev } = devWith({ notes: NOTES });

test.runIf(hasBrowser)("markup in a state, a name and a talk is shown as text", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  const alerts: string[] = [];
  page.on("dialog", (dialog) => {
    alerts.push(dialog.message());
    void dialog.dismiss();
  });
  await enter(page, dev());
  const id = await newCall(page, "notes");
  await say(page, MARKUP, /./);
  await post(dev(), `/conversations/${id}/tool-calls`, { tool: "write_note", arguments: { note: MARKUP } });
  const state = await view(page, "State");
  await valueIn(state, /^note: “<img src=x onerror="alert\('from state'\)">/).waitFor();
  await valueIn(state, /^<img src=x onerror.*: “<img src=x/).waitFor();
  const timeline = await view(page, "Timeline");
  await entryIn(timeline, "write_note").click();
  await page.getByRole("region", { name: /^Entry \d, write_note$/ }).getByRole("treeitem", { name: /<img src=x/ }).first().waitFor();

  expect(await page.locator("img, main script").count()).toBe(0);
  expect(alerts).toEqual([]);
});

test.runIf(hasBrowser)("900 KiB of text are stored, and as much of them is drawn as can be read", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  await enter(page, dev());
  const id = await newCall(page, "notes");
  const state = await view(page, "State");
  await post(dev(), `/conversations/${id}/tool-calls`, { tool: "fill" });
  await valueIn(state, /^long: “wide wide/).waitFor();
  const drawn = async () => (await page.content()).length;
  expect(await drawn()).toBeLessThan(100_000);

  await state.getByRole("button", { name: "show more of 900 KiB" }).click();
  await state.getByRole("button", { name: "show less" }).waitFor();
  expect(await drawn()).toBeLessThan(300_000);

  // Nobody waits for it: the next thing is done as ever.
  await view(page, "Timeline");
  await say(page, "write a note", /note/i);
});
