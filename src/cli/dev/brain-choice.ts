// Which brain talks for the agents of `conversimple dev`.
//
//   BC1. What is missing for it is said before anything starts.

import type { BrainMaker } from "../../platform/brains/brain.ts";
import { helpHint } from "../command.ts";
import { misuse } from "../failure.ts";

/** A brain by its name, beside `rules`. */
export interface BrainChoice {
  readonly name: string;
  readonly brains: Readonly<Record<string, BrainMaker>>;
}

/** What was typed. */
export interface BrainWish {
  readonly brain: string | undefined;
  readonly baseUrl: string | undefined;
  readonly model: string | undefined;
}

/** @throws {Failure} BC1. */
export async function brainOf({ brain = "rules", baseUrl, model }: BrainWish): Promise<BrainChoice> {
  if (brain !== "model" && (baseUrl !== undefined || model !== undefined)) throw misuse("--base-url and --model are for --brain model.", helpHint("dev"));
  if (brain === "rules") return { name: "rules", brains: {} };
  if (brain.startsWith("script:")) {
    const { readScript } = await import("../call/script.ts");
    const { scriptBrain } = await import("../../platform/brains/script-brain.ts");
    return { name: "script", brains: { script: scriptBrain(readScript(brain.slice("script:".length))) } };
  }
  if (brain !== "model") throw misuse("--brain must be rules, script:<file.json> or model.", helpHint("dev"));
  if (baseUrl === undefined || model === undefined) throw misuse("--brain model needs --base-url and --model.", "For example: --brain model --base-url http://127.0.0.1:11434/v1 --model llama3.2");
  const { openModel } = await import("../../platform/brains/model/open-model.ts");
  const { modelBrain } = await import("../../platform/brains/model/model-brain.ts");
  const opened = await openModel({ baseUrl, model, apiKey: process.env.CONVERSIMPLE_MODEL_API_KEY || undefined });
  return { name: "model", brains: { model: modelBrain({ model: opened }) } };
}
