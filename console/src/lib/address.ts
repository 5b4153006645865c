// Where the page is: the fragment of its address, so that a view can be shared and the back button works.
//
//   AD1. `format(parse(x))` is an address of the same view; what is not understood is the list.
//   AD2. The filter of the list stays in every address, so that a conversation is opened beside the list it was found in.

/** What the list shows. */
export interface ListFilter {
  readonly status: "live" | "ended" | "all";
  readonly search: string;
  readonly agent: string;
  readonly customer: string;
}

export type View =
  | { readonly page: "list" }
  /** `version` null is "now". An empty panel is the default one. */
  | { readonly page: "conversation"; readonly conversationId: string; readonly panel: string; readonly version: number | null }
  | { readonly page: "side"; readonly id: string; readonly name: string | undefined };

export interface Place {
  readonly view: View;
  readonly filter: ListFilter;
}

export const NO_FILTER: ListFilter = { status: "all", search: "", agent: "", customer: "" };

/** Reads a fragment, with or without its `#`. */
export function parsePlace(fragment: string): Place {
  const text = fragment.replace(/^#/, "");
  const cut = text.indexOf("?");
  const query = new URLSearchParams(cut === -1 ? "" : text.slice(cut + 1));
  const steps = (cut === -1 ? text : text.slice(0, cut)).split("/").filter((step) => step !== "").map(decoded);
  return { view: viewOf(steps, query), filter: filterOf(query) };
}

/** The fragment of a place, with its `#`. */
export function formatPlace({ view, filter }: Place): string {
  const query = new URLSearchParams();
  if (filter.status !== "all") query.set("status", filter.status);
  for (const name of ["search", "agent", "customer"] as const) if (filter[name] !== "") query.set(name, filter[name]);
  if (view.page === "conversation" && view.version !== null) query.set("v", String(view.version));
  const text = query.toString();
  return `#/${stepsOf(view).map(encodeURIComponent).join("/")}${text === "" ? "" : `?${text}`}`;
}

function viewOf([first, second, third]: readonly string[], query: URLSearchParams): View {
  if (first === undefined) return { page: "list" };
  if (first === "c") return second === undefined ? { page: "list" } : { page: "conversation", conversationId: second, panel: third ?? "", version: versionOf(query.get("v")) };
  return { page: "side", id: first, name: second };
}

function stepsOf(view: View): string[] {
  if (view.page === "list") return [];
  if (view.page === "side") return view.name === undefined ? [view.id] : [view.id, view.name];
  return ["c", view.conversationId, ...(view.panel === "" ? [] : [view.panel])];
}

function filterOf(query: URLSearchParams): ListFilter {
  const status = query.get("status");
  return { status: status === "live" || status === "ended" ? status : "all", search: query.get("search") ?? "", agent: query.get("agent") ?? "", customer: query.get("customer") ?? "" };
}

function versionOf(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}
