// The TypeScript in the documentation, as files that a compiler can read.
//
//   D1. Every ```ts block is code that compiles; there is no way to opt out. What is not meant to compile is no `ts`.
//   D2. `// file: name.ts` in its first line names a block's file, which later blocks of the document import as
//       "./name.ts". The same name again goes on with that file. Other blocks are files of their own.
//   D3. A line of code has the same line number in its file as in its document.

/** The file names that a block may have: in the document's own folder. */
const FILE = /^\/\/ file: ([a-z0-9-]+\.ts)$/;

/** A file made of the blocks of one document. */
export interface SnippetFile {
  readonly name: string;
  readonly text: string;
}

interface Block {
  readonly language: string;
  /** 1-based line of the first line of code. */
  readonly line: number;
  readonly code: readonly string[];
}

/**
 * The files of one document, in its order (D2, D3).
 *
 * @param document its path, for the message
 * @throws {Error} A block has an info string other than `ts`, or its fence is never closed (D1).
 */
export function snippetsOf(document: string, markdown: string): SnippetFile[] {
  const files = new Map<string, string[]>();
  for (const block of blocksOf(document, markdown)) {
    if (!/^(ts|typescript|mts|cts|tsx)\b/.test(block.language)) continue;
    if (block.language !== "ts") throw new Error(`${document}:${block.line - 1} is a block of "${block.language}"; write \`\`\`ts, which is compiled.`);
    const name = FILE.exec(block.code[0] ?? "")?.[1] ?? `line-${block.line}.ts`;
    const lines = files.get(name) ?? [];
    while (lines.length < block.line - 1) lines.push("");
    files.set(name, [...lines, ...block.code]);
  }
  return [...files].map(([name, lines]) => ({ name, text: `${lines.join("\n")}\n` }));
}

/** The fenced blocks of a document, of whatever language; a fence may be indented, as in a list. */
function blocksOf(document: string, markdown: string): Block[] {
  const blocks: Block[] = [];
  const lines = markdown.split("\n");
  for (let index = 0; index < lines.length; index++) {
    const opening = /^(\s*)(```+|~~~+)\s*(.*?)\s*$/.exec(lines[index]!);
    if (!opening) continue;
    const [, indent, fence, language] = opening as unknown as [string, string, string, string];
    const end = lines.findIndex((line, at) => at > index && line.trim() === fence);
    if (end === -1) throw new Error(`${document}:${index + 1} opens a block that is never closed.`);
    const code = lines.slice(index + 1, end).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    blocks.push({ language, line: index + 2, code });
    index = end;
  }
  return blocks;
}
