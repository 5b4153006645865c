// The face of conversimple: what an agent is made of, and what runs it.

export { ConversimpleAgent, type ToolCalled, type UpdateRecipe } from "./agent/agent.ts";
export type { CallInfo, ConversationInfo } from "./agent/running.ts";
export { tool, type Tool, type ToolOptions } from "./agent/tool.ts";
export type { Guard, Predicate, Requirement } from "./agent/guard.ts";
export { Part } from "./agent/part.ts";
export { cache, type Cache, type Cached, type CacheOptions, type CacheScope, type CacheStats, type LoadContext } from "./parts/cache.ts";
export { conversationState, type ConversationStateOptions } from "./parts/conversation-state.ts";
export {
  customerState,
  type CustomerMeta,
  type CustomerRecipe,
  type CustomerState,
  type CustomerStateOptions,
  type CustomerUpdateOptions,
} from "./parts/customer-state.ts";
export type { ResumeOptions } from "./parts/resume.ts";
export { DurablePart } from "./parts/durable-part.ts";
export { ephemeral, type Ephemeral } from "./parts/ephemeral.ts";
export type { LockoutOptions } from "./parts/lockout.ts";
export { session, type Session, type SessionOptions, type Verified } from "./parts/session.ts";
export { workflow, type Workflow } from "./parts/workflow.ts";
export type { StoredWorkflow, WorkflowData, WorkflowDefinition, WorkflowInput, WorkflowStep } from "./parts/workflow-definition.ts";
export { Dispatcher, type DispatcherOptions } from "./adapters/conversimple/dispatcher.ts";
export type { DispatcherInspector } from "./adapters/conversimple/inspection.ts";
export type { InspectorPermission } from "./inspector/access.ts";
export { openState, type MessageOptions, type OpenStateOptions, type StateAccess } from "./host/open-state.ts";
export type { CustomerExport, ExportedRecord, ExportedStep } from "./host/customer-export.ts";
export type { ErasureReceipt } from "./host/erasure.ts";
export type { Logger, LogFields } from "./base/log.ts";
export {
  ConversimpleError,
  FencedError,
  RefusedError,
  StateInvalidError,
  StateQuarantinedError,
  StateTooLargeError,
  StoreUnavailableError,
  ToolError,
  VersionConflictError,
  type ErrorCode,
  type ErrorFields,
  type RefusalResult,
} from "./base/errors.ts";
export { copyOf as snapshot } from "./base/plain.ts";
