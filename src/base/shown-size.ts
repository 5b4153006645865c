// How large a value is, for people who see it masked.                                                  (P21)
//
//   SZ1. What is shown counts to the byte, what is masked in whole KiB, to the nearest. So who takes away what they see
//        learns nothing of it, also when what stands beside it grows byte by byte.
//   SZ2. Where nothing is masked it is the size.

import { encode, ENVELOPE_DEPTH, MAX_DEPTH } from "./codec.ts";
import type { Mask } from "./mask.ts";

const KIB = 1_024;

/** @param bytes the size of the value's stored form. */
export function shownBytes(value: unknown, mask: Mask, bytes: number): number {
  if (mask.isEmpty) return bytes;
  const seen = Buffer.byteLength(encode(mask.shown(value), "value", undefined, MAX_DEPTH + ENVELOPE_DEPTH));
  return seen + Math.max(0, Math.round((bytes - seen) / KIB)) * KIB;
}

/** The size of a text in which nobody knows what is masked. */
export function wholeKib(bytes: number): number {
  return Math.ceil(bytes / KIB) * KIB;
}
