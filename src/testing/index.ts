// `conversimple/testing`: an agent under test, simulated time, a scripted platform, a store that fails.

export { testAgent, type TestAgentOptions } from "./test-agent.ts";
export { TestCall, type CallerOptions, type JournalLine, type StoredCall, type ToolCallOptions } from "./test-call.ts";
export { Turn, type Delivery, type TurnError } from "./turn.ts";
export type { DeepPartial, ExpectedState, StateOf } from "./expected-state.ts";
export type { StoredCustomer, StoredParts, StoredSession, StoredSteps } from "./stored-parts.ts";
export type { Recorded, RecordedCacheValue, RecordedCustomer, RecordedEffect, RecordedLogin, RecordedOutcomes } from "../agent/recorded.ts";
export { SimulatedClock } from "../base/simulated-clock.ts";
export {
  faultyStore,
  StoreFaults,
  type FaultyStore,
  type FaultyStoreOptions,
  type HeldRequest,
  type StoreFault,
  type StoreFaultRates,
  type StoreFaultRecord,
} from "./faulty-store.ts";
export { ScriptedPlatform, type PlatformAnswer, type ScriptedPlatformOptions } from "./scripted-platform.ts";
export { Weather, type Direction, type Fate, type WeatherDecision, type WeatherOptions } from "./weather.ts";
export { seededRandom } from "./seeded-random.ts";
export { storeConformance, type ConformanceOptions, type SuiteRunner } from "./store-suite/suite.ts";
export type { OpenStore, StoreUnderTest } from "./store-suite/fixture.ts";
