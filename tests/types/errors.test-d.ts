// The codes are a closed list: a misspelled one does not compile.

import { ConversimpleError, ToolError } from "conversimple";

declare const error: ConversimpleError;

error.code === "state_invalid";
// @ts-expect-error there is no such code
error.code === "state_invalidd";

// @ts-expect-error a code is not written by hand
error.code = "overloaded";

const told: ConversimpleError = new ToolError("We are closed on Sundays.", { error: "closed" });
void told;
