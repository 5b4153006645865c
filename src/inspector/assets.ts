// The files of the page, read once: what is not in the list does not exist.
//
//   AS1. No path of a request reaches the file system.
//   AS2. Files whose names change with their content may be kept for ever; the page itself is asked for each time.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
};

/** Beside the compiled code, or, run from its source, where the build puts it. */
const FOLDERS = ["../console/", "../../dist/console/"].map((path) => fileURLToPath(new URL(path, import.meta.url)));

/** What the page may load and do: nothing but its own files and this server. */
export const PAGE_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

interface Asset {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly isPage: boolean;
  zipped?: Uint8Array<ArrayBuffer>;
}

export class Assets {
  readonly #files: ReadonlyMap<string, Asset>;

  private constructor(files: ReadonlyMap<string, Asset>) {
    this.#files = files;
  }

  /** Reads the built page; empty where there is none. */
  static read(folders: readonly string[] = FOLDERS): Assets {
    const folder = folders.find((path) => existsSync(join(path, "index.html")));
    const files = new Map<string, Asset>();
    if (folder === undefined) return new Assets(files);
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const type = TYPES[extname(entry.name)];
      if (!entry.isFile() || type === undefined) continue;
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(folder.length).replaceAll("\\", "/").replace(/^\//, "");
      files.set(name, { type, bytes: new Uint8Array(readFileSync(path)), isPage: !name.startsWith("assets/") });
    }
    return new Assets(files);
  }

  get isBuilt(): boolean {
    return this.#files.has("index.html");
  }

  /** The file behind a name, "index.html" or "assets/main-1a2b.js"; undefined when it is none of them (AS1). */
  response(name: string, acceptsGzip: boolean): Response | undefined {
    const asset = this.#files.get(name);
    if (!asset) return undefined;
    const headers: Record<string, string> = {
      "Content-Type": asset.type,
      "Cache-Control": asset.isPage ? "no-cache" : "public, max-age=31536000, immutable",
      "Content-Security-Policy": PAGE_POLICY,
      "X-Content-Type-Options": "nosniff",
      "Referrer-Policy": "no-referrer",
      "X-Frame-Options": "DENY",
      "Cross-Origin-Resource-Policy": "same-origin",
      Vary: "Accept-Encoding",
    };
    if (!acceptsGzip) return new Response(asset.bytes, { headers });
    asset.zipped ??= new Uint8Array(gzipSync(asset.bytes));
    return new Response(asset.zipped, { headers: { ...headers, "Content-Encoding": "gzip" } });
  }
}
