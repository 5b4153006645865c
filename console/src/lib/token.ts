// The key of this page: it comes in the address that the server printed and does not stay there.
//
//   TK1. The token leaves the address as soon as it was read, so it is in no history, no screenshot and no link that is shared.
//   TK2. It lives as long as the tab: a reload keeps it, another tab asks for it.

const PLACE = "conversimple.token";

/** What the token needs of the browser. */
export interface TokenWorld {
  readonly location: Pick<Location, "hash" | "pathname" | "search">;
  readonly history: Pick<History, "replaceState">;
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
}

/** The token of the address, else the tab's; null when there is none. */
export function takeToken({ location, history, storage }: TokenWorld): string | null {
  const { token, rest } = splitToken(location.hash);
  if (token === null) return storage.getItem(PLACE);
  storage.setItem(PLACE, token);
  history.replaceState(null, "", location.pathname + location.search + rest);
  return token;
}

/** Keeps a token that was typed in. */
export function keepToken(token: string, storage: Pick<Storage, "setItem">): void {
  storage.setItem(PLACE, token);
}

/** Forgets a token that is not accepted. */
export function dropToken(storage: Pick<Storage, "removeItem">): void {
  storage.removeItem(PLACE);
}

/** A token in what somebody pasted: the token itself, or the address that has it. */
export function tokenIn(text: string): string | null {
  const trimmed = text.trim();
  const hash = trimmed.indexOf("#");
  const token = hash === -1 ? trimmed : splitToken(trimmed.slice(hash)).token;
  return token !== null && /^[\x21-\x7e]+$/.test(token) ? token : null;
}

/** `#token=x`, `#token=x&/c/1` and `#/c/1?token=x`. */
function splitToken(fragment: string): { token: string | null; rest: string } {
  const match = /(^#|[?&])token=([^&]*)(&|$)/.exec(fragment);
  if (!match) return { token: null, rest: fragment };
  const [whole, before, token, after] = match;
  const kept = fragment.slice(0, match.index) + (before === "#" ? "#" : after === "&" ? before : "") + fragment.slice(match.index + whole.length);
  return { token: decodeURIComponent(token!), rest: kept === "#" ? "" : kept };
}
