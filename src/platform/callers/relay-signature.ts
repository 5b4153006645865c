// The signature by which Twilio shows that a call is from it.
//
//   SI1. HMAC-SHA1 of the whole address, keyed with the account's token, in base64; compared in constant time.
//   SI2. The address is what Twilio was told: behind a proxy it is the public one, not the one that arrived here.

import { createHmac, timingSafeEqual } from "node:crypto";

/** The signature of an address. */
export function relaySignature(token: string, url: string): string {
  return createHmac("sha1", token).update(url, "utf8").digest("base64");
}

/**
 * Whether a handshake is signed (SI1).
 *
 * @param urls the addresses that may have been signed: with `wss` and as `https`, which some versions sign.
 */
export function isSigned(signature: string | undefined, token: string, urls: readonly string[]): boolean {
  if (signature === undefined) return false;
  const given = Buffer.from(signature, "utf8");
  let isKnown = false;
  for (const url of urls) {
    const wanted = Buffer.from(relaySignature(token, url), "utf8");
    // No early end: the time does not tell which address was close.
    if (given.length === wanted.length && timingSafeEqual(given, wanted)) isKnown = true;
  }
  return isKnown;
}

/** The addresses that a request for a path can have been signed for (SI2). @param publicUrl as Twilio knows it, else the Host's. */
export function signedUrls(publicUrl: string | undefined, host: string, pathAndQuery: string): readonly string[] {
  const bases = publicUrl === undefined ? [`wss://${host}`, `ws://${host}`] : [publicUrl.replace(/\/+$/, "").replace(/^http/, "ws")];
  return bases.flatMap((base) => [base, base.replace(/^ws/, "http")]).map((base) => base + pathAndQuery);
}
