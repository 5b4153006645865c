import { expect, test } from "vitest";

import { RecordSurvey } from "../../src/cli/state/record-survey.ts";
import { partText, sealRecord } from "../../src/state/record.ts";
import type { Facts, Owner } from "../../src/state/store.ts";

const facts: Facts = { status: "live", agentId: "a", customer: null, endReason: null, createdAtMs: 1, updatedAtMs: 1, expiresAtMs: null };

test("keys of a part that is personal as a whole are no fields", () => {
  const owner: Owner = "conversation:c1";
  const data = '{"+49 170 5550199":"hello"}';
  const record = sealRecord(owner, 1, [["state", partText(1, [""], data)], ["booking", partText(1, ["data/phone"], '{"step":"idle"}')]]);
  const survey = new RecordSurvey(5);
  survey.add({ owner, record, version: 1, epoch: 1, process: null, facts, calls: [], mail: 0 });
  expect(survey.fields.map(({ field }) => field)).toEqual(["state", "booking.step"]);
});
