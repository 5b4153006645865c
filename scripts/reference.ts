// Writes `docs/reference/`: one page per entry point, from the declarations and their docstrings.
//
//   RF1. Nothing is written by hand: a page says what the built declarations say. Run it after a build.

import { mkdirSync, writeFileSync } from "node:fs";
import { declarationsOf, docstringOf, ENTRY_POINTS, namesOf, type Declared } from "../tests/architecture/face.ts";
import { parse, readSources, root, type Source } from "../tests/architecture/source.ts";

const PAGES: Readonly<Record<string, string>> = {
  "src/index.ts": "conversimple",
  "src/stores/index.ts": "conversimple/stores",
  "src/testing/index.ts": "conversimple/testing",
  "src/platform/index.ts": "conversimple/platform",
};

/** The pages by file name. */
export function referencePages(): ReadonlyMap<string, string> {
  // Declarations take their sources' names, so that an entry point leads to them in the same way.
  const sources = new Map(readSources("dist", ".d.ts").map(({ path, text }) => asSource(path.replace(/^dist\//, "src/").replace(/\.d\.ts$/, ".ts"), text)));
  return new Map(ENTRY_POINTS.map((entry) => [`${PAGES[entry]!.replace("/", "-")}.md`, pageOf(entry, sources)]));
}

function asSource(path: string, text: string): [string, Source] {
  return [path, parse(path.replace(/\.ts$/, ".d.ts"), text)].map((each) => (typeof each === "string" ? each : { ...each, path })) as [string, Source];
}

function pageOf(entry: string, sources: ReadonlyMap<string, Source>): string {
  const names = namesOf(entry, sources).toSorted((a, b) => (a.as.toLowerCase() < b.as.toLowerCase() ? -1 : 1));
  const list = names.map(({ as }, index) => `[${as}](#${anchorOf(names, index)})`).join(" - ");
  const head = `# ${PAGES[entry]}\n\nGenerated from the docstrings (\`npm run reference\`). For a first look read the [guide](../guide/README.md).\n\n${list}\n`;
  return `${head}\n${names.map((name) => sectionOf(name, sources)).join("\n")}`;
}

/** As Markdown viewers make them: `cache` and `Cache` meet, so the second one is counted. */
function anchorOf(names: readonly Declared[], index: number): string {
  const own = names[index]!.as.toLowerCase();
  const before = names.slice(0, index).filter(({ as }) => as.toLowerCase() === own).length;
  return before === 0 ? own : `${own}-${before}`;
}

function sectionOf(name: Declared, sources: ReadonlyMap<string, Source>): string {
  const source = sources.get(name.path)!;
  const declarations = declarationsOf(name, sources);
  // Under the name that a user imports: `export { copyOf as snapshot }`.
  const texts = declarations.map((node) => cleaned(source.text.slice(node.start, node.end)).replace(new RegExp(`\\b${name.name}\\b`), name.as));
  const prose = declarations.map((node) => docstringOf(source, node)).filter((each) => each !== undefined);
  return `## ${name.as}\n\n${prose.map(proseOf).join("\n\n")}\n\n\`\`\`ts\n${texts.join("\n")}\n\`\`\`\n`;
}

/** A declaration as a reader wants it: without what the compiler needs and a user cannot reach. */
function cleaned(text: string): string {
  return text
    .replace(/^export (default )?(declare )?/, "")
    .split("\n")
    .filter((line) => !/^\s*(#private;|private )/.test(line))
    .map((line) => line.replace(/^(?: {4})+/, (indent) => " ".repeat(indent.length / 2)))
    .join("\n");
}

/** A docstring as Markdown: its text, then its tags as a list. */
function proseOf(comment: string): string {
  const text = comment.replace(/^\*+/, "").split("\n").map((line) => line.replace(/^\s*\* ?/, "").trimEnd()).join("\n").trim();
  const [body, ...tags] = text.split(/\n(?=@)/);
  const parts = body!.startsWith("@") ? ["", body!, ...tags] : [body!, ...tags];
  const list = parts.slice(1).map((tag) => `- ${tagText(tag.replaceAll(/\s*\n\s*/g, " "))}`);
  return linked([parts[0]!.trim(), list.join("\n")].filter((each) => each !== "").join("\n\n"));
}

function tagText(tag: string): string {
  const param = /^@param\s+(\S+)\s+(?:- )?(.*)$/.exec(tag);
  if (param) return `\`${param[1]}\`: ${param[2]}`;
  const thrown = /^@throws\s+(?:\{([^}]+)\}\s*)?(.*)$/.exec(tag);
  if (thrown) return `Throws ${thrown[1] ? `\`${thrown[1]}\`` : ""}${thrown[1] && thrown[2] ? " " : ""}${thrown[2]}`;
  return tag.replace(/^@returns?\s+/, "Gives ").replace(/^@/, "");
}

function linked(text: string): string {
  return text.replaceAll(/\{@link ([^}]+)\}/g, "`$1`");
}

if (process.argv[1] === import.meta.filename) {
  mkdirSync(`${root}docs/reference`, { recursive: true });
  for (const [file, page] of referencePages()) writeFileSync(`${root}docs/reference/${file}`, page);
}
