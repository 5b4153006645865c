// What a request asks for: only what there is, of the right form.
//
//   RF1. A field or a query that is not known is refused, never a silent default.
//   RF2. A body is bounded before it is parsed, and its depth before anything walks through it.

import { checkId } from "../base/ids.ts";
import { ConversimpleError } from "../base/errors.ts";
import { MAX_DEPTH } from "../base/codec.ts";
import type { Owner, Status } from "../state/store.ts";
import { InspectorRefusal } from "./refusal.ts";
import { ROWS, type RowQuery } from "./rows.ts";
import { ENTRIES } from "./timeline.ts";

/** The largest body, bytes: a record of the largest size with every character escaped still fits. */
const MAX_BODY_BYTES = 2 * 1_048_576;
/** Levels around a value of the largest depth. */
const MAX_BODY_DEPTH = MAX_DEPTH + 8;

/** The fields of a JSON object, nothing about them checked. */
export type Fields = Readonly<Record<string, unknown>>;

const STATUSES: readonly Status[] = ["live", "ended", "forgotten"];
const CUSTOMER = /^customer:[A-Za-z0-9_-]{43}$/;

/** The filters of the list. @throws {InspectorRefusal} RF1. */
export function rowQuery(query: URLSearchParams): RowQuery {
  const given = known(query, ["status", "agent", "customer", "search", "limit", "cursor"]);
  const { status, agent, customer, search, cursor } = given;
  if (status !== undefined && !STATUSES.includes(status as Status)) throw invalid(`status must be one of: ${STATUSES.join(", ")}.`);
  if (customer !== undefined && !CUSTOMER.test(customer)) throw invalid("customer must be the store's own key: customer: and 43 characters.");
  if (cursor !== undefined && cursor.length > 1_024) throw invalid("The cursor was not given out by this list. Begin without one.");
  return {
    limit: wholeNumber(given["limit"], "limit", 1, ROWS.most) ?? ROWS.usual,
    ...(status === undefined ? {} : { status: status as Status }),
    ...(agent === undefined ? {} : { agentId: checkId(agent, "agent id") }),
    ...(customer === undefined ? {} : { customer }),
    ...(search === undefined || search === "" ? {} : { search: checkId(search, "search") }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

/** The range of a timeline. @throws {InspectorRefusal} RF1. */
export function timelineQuery(query: URLSearchParams): { readonly after: number; readonly limit: number } {
  const given = known(query, ["after", "limit"]);
  return { after: wholeNumber(given["after"], "after", 0, Number.MAX_SAFE_INTEGER) ?? 0, limit: wholeNumber(given["limit"], "limit", 1, ENTRIES.most) ?? ENTRIES.usual };
}

/** A route that takes no query. @throws {InspectorRefusal} RF1. */
export function noQuery(query: URLSearchParams): void {
  known(query, []);
}

/** A version in a path or a body. @throws {InspectorRefusal} */
export function versionOf(value: unknown): number {
  const version = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  if (typeof version !== "number" || !Number.isSafeInteger(version) || version < 1) throw invalid("version must be a whole number from 1.");
  return version;
}

/** The key of a customer in a path. @throws {InspectorRefusal} */
export function customerKey(value: string): Owner {
  if (!CUSTOMER.test(value)) throw invalid("That is no key of a customer: it is customer: and 43 characters.");
  return value as Owner;
}

/** The object in a body. @throws {InspectorRefusal} RF1, RF2. */
export async function bodyOf<K extends string>(request: Request, names: readonly K[]): Promise<Readonly<Partial<Record<K, unknown>>>> {
  const text = await textOf(request);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw invalid("The body is not JSON.");
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw invalid("The body must be a JSON object.");
  if (isDeeperThan(body, MAX_BODY_DEPTH)) throw invalid(`The body is nested deeper than ${MAX_BODY_DEPTH} levels.`);
  const others = Object.keys(body).filter((name) => !(names as readonly string[]).includes(name));
  if (others.length > 0) throw invalid(`${others.length} unknown field(s). Known: ${names.join(", ")}.`);
  return body as Partial<Record<K, unknown>>;
}

export function textField(value: unknown, name: string, most: number): string {
  if (typeof value !== "string" || value.trim() === "" || value.length > most) throw invalid(`${name} must be a text of 1 to ${most} characters.`);
  return value;
}

export function objectField(value: unknown, name: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(`${name} must be a JSON object.`);
  return value as Fields;
}

export function listField(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length > 10_000) throw invalid(`${name} must be a list of at most 10000 items.`);
  return value as unknown[];
}

/** A name, checked as an id is; undefined when it was left out. */
export function optionalId(value: unknown, what: string): string | undefined {
  return value === undefined || value === null ? undefined : checkId(value, what);
}

export function invalid(message: string): InspectorRefusal {
  return new InspectorRefusal(400, "option_invalid", message);
}

function known(query: URLSearchParams, names: readonly string[]): Readonly<Record<string, string | undefined>> {
  const given: Record<string, string> = {};
  for (const [name, value] of query) {
    if (!names.includes(name)) throw invalid(`There is no such filter here. Known: ${names.length === 0 ? "none" : names.join(", ")}.`);
    if (Object.hasOwn(given, name)) throw invalid(`${name} is given twice.`);
    given[name] = value;
  }
  return given;
}

function wholeNumber(text: string | undefined, name: string, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) throw invalid(`${name} must be a whole number from ${least} to ${most}.`);
  return value;
}

async function textOf(request: Request): Promise<string> {
  const declared = Number(request.headers.get("content-length") ?? 0);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (declared > MAX_BODY_BYTES ? [] : (request.body ?? [])) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) break;
    chunks.push(chunk);
  }
  if (declared > MAX_BODY_BYTES || bytes > MAX_BODY_BYTES) throw new InspectorRefusal(413, "invalid_parameters", `The body is longer than ${MAX_BODY_BYTES} bytes.`);
  const text = Buffer.concat(chunks).toString("utf8");
  if (text === "" && request.method === "POST") throw invalid("The body must be a JSON object.");
  return text;
}

/** Level by level, so that no depth exhausts the stack. */
function isDeeperThan(value: unknown, limit: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true;
    level = level.flatMap((each): unknown[] => (typeof each === "object" && each !== null ? Object.values(each) : []));
  }
  return false;
}

/** @throws {ConversimpleError} `id_invalid`, also for what a URL cannot carry. */
export function pathId(value: string): string {
  if (value === "." || value === "..") throw new ConversimpleError("id_invalid", 'The id cannot be "." or "..", which mean something else in a URL.');
  return checkId(value, "conversation id");
}

