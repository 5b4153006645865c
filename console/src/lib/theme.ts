// Dark or light: as the system says, unless somebody chose.

import { Store } from "./store.ts";

export type Theme = "system" | "light" | "dark";

const PLACE = "conversimple.theme";

export const theme = new Store<Theme>("system");

/** Takes the choice of last time and follows every new one. */
export function followTheme(root: HTMLElement, storage: Pick<Storage, "getItem" | "setItem">): () => void {
  const kept = storage.getItem(PLACE);
  theme.set(kept === "light" || kept === "dark" ? kept : "system");
  const show = () => {
    const chosen = theme.get();
    if (chosen === "system") delete root.dataset.theme;
    else root.dataset.theme = chosen;
    storage.setItem(PLACE, chosen);
  };
  show();
  return theme.subscribe(show);
}

/** The other one of what is seen now. */
export function switchTheme(isDarkNow: boolean): void {
  theme.set(isDarkNow ? "light" : "dark");
}

/** Whether dark is seen now. */
export function isDark(): boolean {
  const chosen = theme.get();
  return chosen === "system" ? matchMedia("(prefers-color-scheme: dark)").matches : chosen === "dark";
}
