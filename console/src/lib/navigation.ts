// The page's place, read from the address and written to it.

import { formatPlace, parsePlace, type ListFilter, type Place, type View } from "./address.ts";
import { Store } from "./store.ts";

/** Where the page is now. */
export const place = new Store<Place>(parsePlace(""));

/** Follows the address; returns a function that stops it. */
export function followAddress(): () => void {
  const read = () => place.set(parsePlace(location.hash));
  read();
  window.addEventListener("hashchange", read);
  return () => window.removeEventListener("hashchange", read);
}

/** Goes to a view; the list's filter stays. */
export function go(view: View, how: "push" | "replace" = "push"): void {
  move({ ...place.get(), view }, how);
}

/** Narrows the list. Typing leaves no trail in the history. */
export function filterBy(change: Partial<ListFilter>): void {
  const now = place.get();
  move({ ...now, filter: { ...now.filter, ...change } }, "replace");
}

/** The address of a view, for links. */
export function linkTo(view: View): string {
  return formatPlace({ ...place.get(), view });
}

function move(next: Place, how: "push" | "replace"): void {
  const hash = formatPlace(next);
  if (hash === formatPlace(place.get())) return;
  if (how === "push") history.pushState(null, "", hash);
  else history.replaceState(null, "", hash);
  place.set(next);
}
