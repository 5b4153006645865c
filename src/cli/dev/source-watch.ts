// The files that agents are made of, watched.
//
//   SW1. Folders are watched, not files: editors save by renaming.
//   SW2. Many events of one save are one change.

import { watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";

import { systemClock, type Timer } from "../../base/clock.ts";
import { isAgentFileName } from "../agents/agent-files.ts";

/** How long a save may go on, milliseconds. Formatters write a second time within this. */
const SETTLE_MS = 100;

export class SourceWatch {
  readonly #onChange: (name: string) => void;
  readonly #watchers = new Map<string, FSWatcher>();
  /** Names of watched files by folder. */
  readonly #files = new Map<string, Set<string>>();
  /** Folders in which a new agent file counts too. */
  readonly #folders = new Set<string>();
  #timer: Timer | undefined;

  /** @param onChange hears the name of the file that changed last. */
  constructor(onChange: (name: string) => void) {
    this.#onChange = onChange;
  }

  /** Watches files too. */
  addFiles(files: readonly string[]): void {
    for (const file of files) {
      const folder = dirname(file);
      this.#watch(folder).add(basename(file));
    }
  }

  /** Watches for agent files that appear in a folder. */
  addFolder(folder: string): void {
    this.#folders.add(folder);
    this.#watch(folder);
  }

  close(): void {
    this.#timer?.cancel();
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(folder: string): Set<string> {
    let names = this.#files.get(folder);
    if (names) return names;
    names = new Set();
    this.#files.set(folder, names);
    try {
      const watcher = watch(folder, (_event, name) => this.#changed(folder, name));
      watcher.on("error", () => watcher.close());
      this.#watchers.set(folder, watcher);
    } catch {
      // Gone between loading and watching: there is nothing to see.
    }
    return names;
  }

  #changed(folder: string, name: string | null): void {
    if (name === null || !(this.#files.get(folder)?.has(name) || (this.#folders.has(folder) && isAgentFileName(name)))) return;
    this.#timer?.cancel();
    this.#timer = systemClock.after(SETTLE_MS, () => this.#onChange(name));
  }
}
