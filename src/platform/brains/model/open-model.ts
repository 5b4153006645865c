// A model by its address: any server that speaks OpenAI's chat completions.
//
//   OM1. The key goes to that server only, and beyond this machine only encrypted.
//   OM2. The packages of the AI SDK are optional: who has them not is told which to install.

import { ConversimpleError } from "../../../base/errors.ts";

/** Where a model is. */
export interface ModelAddress {
  /** Of the API: `http://127.0.0.1:11434/v1`. */
  readonly baseUrl: string;
  /** The model's name there. */
  readonly model: string;
  /** Sent as a bearer token; none for servers that want none. */
  readonly apiKey?: string | undefined;
}

/**
 * The model at an address, for {@link modelBrain}.
 *
 * @throws {ConversimpleError} `option_invalid`: the address cannot be used, or the packages are not installed.
 */
export async function openModel({ baseUrl, model, apiKey }: ModelAddress): Promise<object> {
  const url = URL.parse(baseUrl);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:") || url.username !== "" || url.password !== "") throw invalid("The model's base URL must be an http:// or https:// address without a user.");
  const isLocal = url.hostname === "localhost" || url.hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(url.hostname);
  if (url.protocol === "http:" && !isLocal) throw invalid("The model's base URL would send the call unencrypted to another machine. Use https:// there.");
  const { createOpenAICompatible } = await needed("@ai-sdk/openai-compatible", () => import("@ai-sdk/openai-compatible"));
  // A redirect could carry what callers say elsewhere.
  const strictFetch: typeof fetch = (input, init) => fetch(input, { ...init, redirect: "error" });
  return createOpenAICompatible({ name: "model", baseURL: baseUrl, ...(apiKey === undefined ? {} : { apiKey }), fetch: strictFetch })(model);
}

/** OM2. */
export async function needed<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new ConversimpleError("option_invalid", `The model brain needs the package ${name}. Install it: npm install ai @ai-sdk/openai-compatible`, {}, { cause });
  }
}

function invalid(message: string): ConversimpleError {
  return new ConversimpleError("option_invalid", message);
}
