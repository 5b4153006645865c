// `conversimple/platform`: the local platform as a library.

export { LocalPlatform } from "./local-platform.ts";
export type { ToolCall } from "./local-platform.ts";
export type { LocalPlatformOptions, PlatformInspector, PlatformLogger } from "./platform-options.ts";
export { DEV_KEY_PATH, devKey } from "./dev-key.ts";
export { PlatformRefusal } from "./refusal.ts";
export type { RefusalStatus } from "./refusal.ts";
export type { PlatformEvent, PlatformListener } from "./platform-events.ts";
export type { CallAnswer, CallView, ConversationStatus, ConversationSummary, ConversationView } from "./conversation.ts";
export type { RegisteredTool } from "./known-tools.ts";
export type { ConversationPage } from "./conversations.ts";
export type { Ignored } from "./agent-events.ts";
export { Interruption } from "./brains/brain.ts";
export type { Brain, BrainFacts, BrainMaker, Gesture, Heard, Outcome, Turn } from "./brains/brain.ts";
export { rulesBrain } from "./brains/rules/rules-brain.ts";
export type { TurnCall, TurnRecord } from "./talk/spoken-turn.ts";
export type { SpokenLine } from "./talk/transcript.ts";
export { scriptBrain } from "./brains/script-brain.ts";
export { checkedScript } from "./brains/script.ts";
export type { Script, Step } from "./brains/script.ts";
export { modelBrain } from "./brains/model/model-brain.ts";
export type { ModelBrainOptions } from "./brains/model/model-brain.ts";
export { openModel } from "./brains/model/open-model.ts";
export type { ModelAddress } from "./brains/model/open-model.ts";
