// The token of the inspector of `dev`.
//
//   IT1. It follows from the API key, so that a bookmark works after a restart; the key does not follow from it.
//   IT2. It is printed in the fragment of the page's address, which browsers send to nobody.

import { createHmac } from "node:crypto";

/** `ci_` and 32 characters of base64url (IT1). */
export function inspectorToken(apiKey: string): string {
  return `ci_${createHmac("sha256", apiKey).update("conversimple inspector").digest("base64url").slice(0, 32)}`;
}

/** The address of the page, with the token (IT2). */
export function pageAddress(url: string, token: string): string {
  return `${url}/#token=${token}`;
}
