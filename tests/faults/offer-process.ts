// A dispatcher with a workflow in a process of its own; the environment says where, and how long an offer holds. It says
// "ready" to its parent and dies with it.

import { ConversimpleAgent, Dispatcher, tool, workflow } from "conversimple";

process.on("disconnect", () => process.exit(1));
const { OFFER_MS, OFFER_STORE, OFFER_URL, OFFER_KEY } = process.env;

class OfferAgent extends ConversimpleAgent {
  static override readonly agentId = "offer";
  readonly offer = workflow({
    data: {},
    initial: "idle",
    steps: { idle: { to: ["offered"] }, offered: { to: ["taken"], deadlineMs: Number(OFFER_MS), onDeadline: "expired" }, expired: {}, taken: { final: true } },
  });
  make = tool("Make an offer", {}, { step: this.offer.at("idle") }, () => {
    this.offer.go("offered");
    return { pid: process.pid };
  });
  take = tool("Take the offer", {}, { step: this.offer.at("offered") }, () => {
    this.offer.go("taken");
    return { taken: true };
  });
  look = tool("Look", () => ({ step: this.offer.step, pid: process.pid }));
}

await new Dispatcher({ agents: [new OfferAgent()], apiKey: OFFER_KEY!, platformUrl: OFFER_URL!, store: OFFER_STORE! }).start();
process.send!("ready");
