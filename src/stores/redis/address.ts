// A Redis address: where the servers are, how to log in, and what a log may show.
//
//   redis://user:password@host:6379/0                 one server; rediss:// with TLS
//   redis+sentinel://host:26379,host2:26379/main/0    the primary that Sentinel calls `main`; rediss+sentinel://
//   redis+cluster://host:7000,host2:7001              a cluster, from some of its nodes on; rediss+cluster://
//
// After ? come `prefix=`, `ca=` (a file, with TLS), and for Sentinels that want a login of their own `sentinelUser=` and
// `sentinelPassword=`. Names and passwords are percent-encoded.
//
//   RA1. What is shown has no user, password or options; no message repeats any part of an address but its kind.
//   RA2. What is not understood is refused, never skipped.

import { ConversimpleError } from "../../base/errors.ts";
import { DEFAULT_PREFIX } from "./keys.ts";

/** A host and a port. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Who logs in, if anybody. */
export interface Login {
  readonly username?: string;
  readonly password?: string;
}

/** A checked address. */
export interface RedisAddress {
  readonly kind: "single" | "sentinel" | "cluster";
  /** Without user, password and options (RA1). */
  readonly shown: string;
  readonly endpoints: readonly Endpoint[];
  readonly isTls: boolean;
  /** A file with the authorities to trust beside those of Node. */
  readonly caFile: string | undefined;
  readonly login: Login;
  readonly sentinelLogin: Login;
  readonly database: number;
  /** What Sentinel calls the primary; empty for the other kinds. */
  readonly primary: string;
  readonly prefix: string;
}

const KINDS: Readonly<Record<string, RedisAddress["kind"]>> = { "": "single", "+sentinel": "sentinel", "+cluster": "cluster" };
const PORTS: Readonly<Record<RedisAddress["kind"], number>> = { single: 6_379, sentinel: 26_379, cluster: 6_379 };
const ADDRESS = /^redis(s?)(\+sentinel|\+cluster)?:\/\/(?:([^@/?#]*)@)?([^@/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i;
const OPTIONS = new Set(["prefix", "ca", "sentinelUser", "sentinelPassword"]);

/** @throws {ConversimpleError} `store_misconfigured` (RA1, RA2). */
export function parseAddress(address: string): RedisAddress {
  const [, tls, form, login, hosts, path, query] = ADDRESS.exec(address) ?? refuse("cannot be read; write redis://host:6379/0, and percent-encode what is special in a password (@ is %40, / is %2F)");
  const kind = KINDS[(form ?? "").toLowerCase()]!;
  const options = optionsOf(query);
  const endpoints = (hosts ?? "").split(",").map((host) => endpointOf(host, PORTS[kind]));
  if (kind === "single" && endpoints.length > 1) refuse("names several hosts; write redis+sentinel:// or redis+cluster://");
  const { primary, database } = placeOf(kind, path);
  const caFile = options.get("ca");
  if (caFile !== undefined && !tls) refuse("has ca= without TLS; write rediss://");
  return {
    kind,
    shown: `redis${(tls ?? "").toLowerCase()}${(form ?? "").toLowerCase()}://${endpoints.map(({ host, port }) => `${host}:${port}`).join(",")}${primary ? `/${primary}` : ""}${database > 0 ? `/${database}` : ""}`,
    endpoints,
    isTls: Boolean(tls),
    caFile,
    login: loginOf(login),
    sentinelLogin: { ...maybe("username", options.get("sentinelUser")), ...maybe("password", options.get("sentinelPassword")) },
    database,
    primary,
    prefix: options.get("prefix") ?? DEFAULT_PREFIX,
  };
}

function endpointOf(text: string, defaultPort: number): Endpoint {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (!host || Number(port ?? defaultPort) > 65_535) return refuse("has no host, or one that cannot be read; write host:port");
  return { host, port: Number(port ?? defaultPort) };
}

function loginOf(text: string | undefined): Login {
  if (!text) return {};
  const at = text.indexOf(":");
  const [user, password] = at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
  return { ...maybe("username", decoded(user) || undefined), ...maybe("password", password === undefined ? undefined : decoded(password)) };
}

function placeOf(kind: RedisAddress["kind"], path = ""): { primary: string; database: number } {
  const parts = path === "" ? [] : path.split("/");
  const primary = kind === "sentinel" ? decoded(parts.shift() ?? "") : "";
  if (kind === "sentinel" && primary === "") refuse("does not name the primary; write redis+sentinel://host:26379/<name as in sentinel.conf>");
  const [database = "0", ...more] = parts;
  if (!/^\d{1,4}$/.test(database) || more.length > 0) refuse("has a database that is no number; write .../0");
  if (kind === "cluster" && Number(database) > 0) refuse("names a database; a cluster has only one");
  return { primary, database: Number(database) };
}

function optionsOf(query: string | undefined): Map<string, string> {
  const options = new Map(new URLSearchParams(query));
  for (const name of options.keys()) if (!OPTIONS.has(name)) refuse("has an option that is not known; there are prefix=, ca=, sentinelUser= and sentinelPassword=");
  return options;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse("has a % that stands for nothing; write it as %25");
  }
}

function maybe<K extends string>(name: K, value: string | undefined): { readonly [P in K]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: string };
}

function refuse(why: string): never {
  throw new ConversimpleError("store_misconfigured", `The address of the Redis store ${why}.`);
}
