import { readFileSync } from "node:fs";
import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";

import { hasBrowser, openPage } from "./browser.ts";
import { agentSays, devWith, enter, entryIn, newCall, openConversation, post, rowsOf, say, TEST_MS, valueIn, view } from "./inspector.ts";

const { dev } = devWith({
  clinic: `import { ConversimpleAgent, conversationState, tool } from "conversimple";
import { z } from "zod";
export class ClinicAgent extends ConversimpleAgent {
  static override readonly agentId = "clinic";
  readonly state = conversationState(z.object({
    patient: z.string().default("").meta({ pii: true }),
    beds: z.number().int().min(1).max(8).default(2),
    notes: z.array(z.string()).default([]),
  }));
  register = tool("Register the patient", { patient: z.string().meta({ pii: true }) }, ({ patient }) => {
    this.state.patient = patient;
    return { registered: true };
  });
  writeNote = tool("Write a note", { text: z.string().min(3), isUrgent: z.boolean().default(false) }, ({ text, isUrgent }) => {
    this.state.notes.push(isUrgent ? text.toUpperCase() : text);
    return { notes: this.state.notes.length };
  });
  countNotes = tool("Say how many notes there are", { }, { examples: ["how many notes"] }, () => ({ notes: this.state.notes.length }));
}
`,
});

const call = (id: string, tool: string, input: object) => post(dev(), `/conversations/${id}/tool-calls`, { tool, arguments: input });

/** Whether a text is anywhere on the page, also where nobody sees it. */
async function isThere(page: Page, text: string): Promise<boolean> {
  return (await page.content()).includes(text);
}

/** Changes a value by its pencil. */
async function edit(panel: Locator, row: RegExp, name: string, text: string): Promise<Locator> {
  await valueIn(panel, row).hover();
  await valueIn(panel, row).getByRole("button", { name: `Edit ${name}` }).click();
  const editor = panel.getByRole("textbox", { name, exact: true });
  await editor.fill(text);
  await panel.getByRole("button", { name: "Save", exact: true }).click();
  return editor;
}

test.runIf(hasBrowser)("a field is changed by hand, and what does not fit is refused at the field with the server's reason", { timeout: TEST_MS }, async () => {
  const page = await openPage({ expected: /status of 422/ });
  await enter(page, dev());
  await newCall(page, "clinic");
  const state = await view(page, "State");

  const editor = await edit(state, /^beds: 2/, "beds", "99");
  await state.getByRole("alert").filter({ hasText: /beds.*8/ }).waitFor();
  expect(await editor.getAttribute("aria-invalid")).toBe("true");
  await editor.fill("5");
  await editor.press("Enter");
  await valueIn(state, /^beds: 5 changed from 2$/).waitFor();
  // The refusal was said at its field; it is no failure of the agent, which would stay until somebody closes it.
  expect(await page.getByRole("status", { name: "What handlers threw" }).innerText()).toBe("");

  // Both attempts are in the journal, and who made them.
  const timeline = await view(page, "Timeline");
  await entryIn(timeline, /edit\s*outside\s*failed\s*from inspector/).waitFor();
  await entryIn(timeline, /edit\s*outside\s*ok\s*from inspector/).waitFor();
});

test.runIf(hasBrowser)("a value is changed by a double-click, and after a refusal with the keys alone", { timeout: TEST_MS }, async () => {
  const page = await openPage({ expected: /status of 422/ });
  await enter(page, dev());
  await newCall(page, "clinic");
  const state = await view(page, "State");
  await valueIn(state, /^beds: 2/).getByText("2", { exact: true }).dblclick();
  for (const text of ["99", "5"]) {
    await page.keyboard.press("Control+A");
    await page.keyboard.type(text);
    await page.keyboard.press("Enter");
    if (text === "99") await state.getByRole("alert").filter({ hasText: /beds.*8/ }).waitFor();
  }
  const changed = valueIn(state, /^beds: 5 changed from 2/);
  await changed.waitFor();
  expect(await changed.getAttribute("aria-selected")).toBe("true");
});

test.runIf(hasBrowser)("who was slower is told what was changed meanwhile, and overwrites it only on purpose", { timeout: TEST_MS }, async () => {
  const page = await openPage({ expected: /status of 409/ });
  await enter(page, dev());
  const id = await newCall(page, "clinic");
  const state = await view(page, "State");
  await valueIn(state, /^beds: 2/).hover();
  await valueIn(state, /^beds: 2/).getByRole("button", { name: "Edit beds" }).click();
  await state.getByRole("textbox", { name: "beds" }).fill("7");
  await call(id, "write_note", { text: "came in between" });
  await valueIn(state, /“came in between” new$/).waitFor();
  await state.getByRole("button", { name: "Save", exact: true }).click();
  const alert = state.getByRole("alert");
  await alert.getByText(/the conversation went on to version 2/).waitFor();
  await alert.getByText(/version 2, write_note: state\.notes/).waitFor();
  expect(await valueIn(state, /^beds/).innerText()).not.toContain("changed");
  await state.getByRole("button", { name: "Save on top of version 2" }).click();
  await valueIn(state, /^beds: 7 changed from 2$/).waitFor();
});

test.runIf(hasBrowser)("what is personal is masked, can be changed unseen, and is shown for a reason that everybody can read", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  await enter(page, dev());
  const id = await newCall(page, "clinic");
  await call(id, "register", { patient: "Ada Canary" });
  const state = await view(page, "State");
  await valueIn(state, /^patient: masked changed$/).waitFor();
  expect(await isThere(page, "Canary")).toBe(false);

  await edit(state, /^patient:/, "patient", "Grace Canary");
  await state.getByText("changed by edit from inspector, version 3").waitFor();
  await valueIn(state, /^patient: masked/).waitFor();
  expect(await isThere(page, "Canary")).toBe(false);

  await state.getByRole("button", { name: "Show what is masked…" }).click();
  const dialog = page.getByRole("dialog", { name: "Show what is masked" });
  await dialog.getByRole("textbox", { name: "Why do you need to see them?" }).fill("Ticket 4711: the name is wrong");
  await dialog.getByRole("button", { name: "Show, and write it down" }).click();
  await valueIn(state, /^patient: “Grace Canary”/).waitFor();
  await state.getByRole("button", { name: "Hide them" }).click();
  await valueIn(state, /^patient: masked/).waitFor();
  expect(await isThere(page, "Canary")).toBe(false);

  const timeline = await view(page, "Timeline");
  await entryIn(timeline, "Ticket 4711: the name is wrong").waitFor();
});

test.runIf(hasBrowser)("a tool is run by a form of its own, and its problems stand at their fields", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  await enter(page, dev());
  await newCall(page, "clinic");
  await page.getByRole("button", { name: "Run a tool…" }).click();
  const dialog = page.getByRole("dialog", { name: "Run a tool" });
  await dialog.getByRole("combobox", { name: "Tool" }).selectOption("write_note");
  await dialog.getByRole("textbox", { name: "Text" }).fill("x");
  await dialog.getByRole("button", { name: "Run write_note" }).click();
  await expect.poll(() => dialog.getByRole("textbox", { name: "Text" }).getAttribute("aria-invalid")).toBe("true");
  await dialog.getByRole("textbox", { name: "Text" }).fill("by hand");
  await dialog.getByRole("combobox", { name: /Is urgent/ }).selectOption("yes");
  await dialog.getByRole("button", { name: "Run write_note" }).click();
  await dialog.getByRole("treeitem", { name: "notes: 1" }).waitFor();
  await dialog.getByRole("button", { name: /see what it did, version 2/ }).click();
  await page.getByRole("region", { name: "Entry 2, write_note" }).waitFor();
  expect(await page.getByRole("dialog").count()).toBe(0);

  // Escape is the dialog's while one is open, then the entry's behind it.
  await page.getByRole("button", { name: "Run a tool…" }).click();
  await dialog.waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await page.getByRole("region", { name: "Entry 2, write_note" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("region", { name: "Entry 2, write_note" }).waitFor({ state: "hidden" });
  await valueIn(await view(page, "State"), /“BY HAND” new$/).waitFor();
});

test.runIf(hasBrowser)("one goes back in time, forks from there, and goes on talking in the fork", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  await enter(page, dev());
  const id = await newCall(page, "clinic");
  for (const text of ["first", "second", "third"]) await call(id, "write_note", { text });
  const state = await view(page, "State");
  await valueIn(state, /“third”/).waitFor();
  for (const _ of ["third", "second"]) await page.getByRole("button", { name: "One version back" }).click();
  await page.getByText("Version 2 of 4").waitFor();
  await valueIn(state, /“first” new$/).waitFor();
  expect(await valueIn(state, /“second”|“third”/).count()).toBe(0);
  expect(await state.getByRole("button", { name: /^Edit / }).count()).toBe(0);

  await page.getByRole("button", { name: "More to do with this conversation" }).click();
  await page.getByRole("menuitem", { name: /^Fork from version 2…/ }).click();
  const dialog = page.getByRole("dialog", { name: "Fork from version 2" });
  await dialog.getByRole("textbox").fill("the-fork");
  await dialog.getByRole("button", { name: "Fork", exact: true }).click();
  await page.getByRole("heading", { name: "the-fork" }).waitFor();
  expect(openConversation(page)).toBe("the-fork");
  await valueIn(state, /“first”/).waitFor();
  await say(page, "how many notes", /1/);
  await agentSays(page, /1/);

  // The first one was not touched.
  await rowsOf(page).filter({ hasText: id }).click();
  await valueIn(state, /“third”/).waitFor();
});

test.runIf(hasBrowser)("an agent greets whose call was prepared, and goes on from the state that it was given", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  await enter(page, dev());
  await page.getByRole("button", { name: "New call" }).first().click();
  const dialog = page.getByRole("dialog", { name: "New call" });
  await dialog.getByText("Prepare the call").click();
  await dialog.getByRole("button", { name: "JSON", exact: true }).click();
  await dialog.getByRole("textbox", { name: "State" }).fill('{ "notes": ["written before"] }');
  await dialog.getByRole("button", { name: "Call", exact: true }).click();
  await agentSays(page, /^Hello\./);
  await say(page, "how many notes", /1/);
  await valueIn(await view(page, "State"), "0: “written before”").waitFor();
  expect(openConversation(page)).toMatch(/^clinic-/);
});

test.runIf(hasBrowser)("a conversation is exported, masked", { timeout: TEST_MS }, async () => {
  const page = await openPage({ acceptDownloads: true });
  await enter(page, dev());
  const id = await newCall(page, "clinic");
  await call(id, "register", { patient: "Ada Canary" });
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "More to do with this conversation" }).click().then(() => page.getByRole("menuitem", { name: /^Export as JSON/ }).click()),
  ]);
  expect(download.suggestedFilename()).toBe(`${id}.json`);
  const text = readFileSync(await download.path(), "utf8");
  expect(JSON.parse(text)).toMatchObject({ format: 1, conversation: { conversationId: id, agentId: "clinic" } });
  expect(text).not.toContain("Canary");
});
