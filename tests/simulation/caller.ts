// Somebody who calls: a conversation from its announcement to its last word, drawn from the seed.

import { sleep } from "../../src/base/clock.ts";
import { CUSTOMERS, type Call, type Input } from "./switchboard.ts";
import { randomFor } from "./plan.ts";
import type { World } from "./world.ts";

/** The right secret of every account. */
export const PIN = "1234";

/** How long a caller waits for an answer before going on, milliseconds. */
const PATIENCE_MS = 12_000;

type Draw = (least: number, most: number) => number;

/** Plays one conversation until its steps are over or the storm is. */
export async function playCaller(world: World, index: number): Promise<void> {
  const { platform, plan, clock } = world;
  const random = randomFor(plan.seed, 100 + index);
  const draw: Draw = (least, most) => least + Math.floor(random() * (most - least + 1));
  const conversation = `v${index}`;
  await sleep(clock, draw(0, 3_000));
  world.announce(conversation);
  for (let step = 0; step < plan.stepsPerCaller && world.isStormy; step++) {
    const call = newCall(conversation, `c${index}-${step}`, draw);
    const answered = world.calls.ask(platform, call);
    if (random() < 0.15) void world.calls.ask(platform, call);
    if (random() < 0.06 && !plan.without.has("impostor")) world.calls.impersonate(platform, call, impostorOf(call.input));
    const waits = random();
    // Some calls are sent together with the next one, some are given up.
    if (waits > 0.35) await Promise.race([answered, sleep(clock, PATIENCE_MS)]);
    if (waits > 0.6) await sleep(clock, draw(0, 2_500));
    if (waits > 0.97 && !plan.without.has("hangup")) break;
  }
  if (random() < 0.4 && !plan.without.has("hangup")) world.hangUp(conversation);
}

function newCall(conversation: string, callId: string, draw: Draw): Call {
  const [tool, input] = drawTool(draw);
  return { conversation, callId, tool, input, timeoutSeconds: draw(0, 9) === 0 ? draw(1, 3) : undefined, hasImpostor: false, result: undefined, error: undefined };
}

function drawTool(draw: Draw): [tool: string, input: Input] {
  const pauseMs = draw(0, 3) === 0 ? draw(0, 4_000) : draw(0, 50);
  const numbered = { n: draw(1, 9), pauseMs };
  const kind = draw(0, 19);
  if (kind < 4) return ["add", numbered];
  if (kind < 6) return ["add_beside", numbered];
  if (kind < 7) return ["pay", numbered];
  if (kind < 8) return [draw(0, 1) === 0 ? "fail" : "decline", numbered];
  if (kind < 12) return ["login", { account: CUSTOMERS[draw(0, 1)]!, pin: draw(0, 1) === 0 ? PIN : `wrong ${draw(0, 9)}`, pauseMs }];
  // Between the customer's commit and the conversation's there is time to die.
  if (kind < 15) return ["remember", { ...numbered, pauseMs: draw(0, 1) === 0 ? draw(0, 4_000) : pauseMs }];
  if (kind < 16) return [draw(0, 1) === 0 ? "who_am_i" : "read", {}];
  if (kind < 17) return ["logout", {}];
  if (kind < 19) return ["move", { to: ["first", "second", "third", "done"][draw(0, 3)]!, pauseMs }];
  return ["confirm", {}];
}

/** The same call with something else in it. */
function impostorOf(input: Input): Input {
  if ("n" in input) return { ...input, n: Number(input.n) + 100 };
  if ("account" in input) return { ...input, account: input.account === "ann" ? "bob" : "ann" };
  return "to" in input ? { ...input, to: input.to === "done" ? "first" : "done" } : input;
}
