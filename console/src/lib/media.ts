// How much room there is.

import { useSyncExternalStore } from "react";

/** Whether a media query holds now. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const list = matchMedia(query);
      list.addEventListener("change", listener);
      return () => list.removeEventListener("change", listener);
    },
    () => matchMedia(query).matches,
  );
}

/** Room for one pane, for the list beside a conversation, or for talk and panels beside each other too. */
export function useRoom(): "narrow" | "middle" | "wide" {
  const isMiddle = useMedia("(min-width: 800px)");
  const isWide = useMedia("(min-width: 1200px)");
  return isWide ? "wide" : isMiddle ? "middle" : "narrow";
}
