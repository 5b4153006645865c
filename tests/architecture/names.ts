// What files are called, and what no file may say.
//
//   A7. A file is named by what it owns: kebab-case, and none of the words that fit everything.
//   A8. No tracked file names a folder of somebody's machine.

const EMPTY_WORDS = /(^|[-.])(utils?|helpers?|types?|managers?|misc|common|shared|base)([-.]|$)/;
/** Test suffixes and the ending: the rest is the name. */
const ENDING = /(\.(test|test-d|bench|config))?\.(ts|tsx)$/;

/** A7: the code files whose names say nothing or are not kebab-case. */
export function badNames(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    if (!ENDING.test(path)) return [];
    const name = path.split("/").at(-1)!.replace(ENDING, "");
    if (EMPTY_WORDS.test(name)) return [`${path} is named by a word that fits everything; name what it owns`];
    return /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) ? [] : [`${path} is not kebab-case`];
  });
}

/** Folders of a person or of a build machine; `~`, `/usr` and relative paths are the same everywhere. */
const MACHINE_PATH = /(?<![\w.:/-])(\/(work|root|home\/[\w.-]+|Users\/[\w.-]+|builds|runner|workspace)\/|[A-Z]:\\Users\\)/;

/** A8: the lines of a text that name a machine's folder. */
export function machinePaths(path: string, text: string): string[] {
  return text.split("\n").flatMap((line, index) => (MACHINE_PATH.test(line) ? [`${path}:${index + 1} names a folder of one machine`] : []));
}
