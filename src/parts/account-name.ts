// One account, however it is said or typed.
//
//   AN1. Spellings that look alike share one lockout counter: letter case, width, white space and what cannot be seen
//        make no difference. Two accounts that share one by accident are locked together; that is the safe side. (P18)

/** White space, and characters without a shape: joiners, direction marks, soft hyphens. */
const UNSEEN = /[\s\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}]/gu;

/** The name under which attempts are counted (AN1). */
export function accountName(account: string): string {
  // Upper case first: it takes ß and ss, and the forms of sigma, for the same letters.
  return account.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC").replaceAll(UNSEEN, "");
}
