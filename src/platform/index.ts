// `conversimple/platform`: the local platform as a library.

export { LocalPlatform } from "./local-platform.ts";
export type { ToolCall } from "./local-platform.ts";
export type { LocalPlatformOptions, PlatformLogger } from "./platform-options.ts";
export { DEV_KEY_PATH, devKey } from "./dev-key.ts";
export { PlatformRefusal } from "./refusal.ts";
export type { RefusalStatus } from "./refusal.ts";
export type { PlatformEvent, PlatformListener } from "./platform-events.ts";
export type { CallAnswer, CallView, ConversationStatus, ConversationSummary, ConversationView } from "./conversation.ts";
export type { RegisteredTool } from "./known-tools.ts";
export type { ConversationPage } from "./conversations.ts";
export type { Ignored } from "./agent-events.ts";
