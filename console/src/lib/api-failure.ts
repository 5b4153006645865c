// What went wrong with a question to the server, in words for who reads the page.
//
//   AF1. Every failure says what to do about it: the server's remedy, or the page's where the server was not reached.

/** A refused or failed request. */
export class ApiFailure extends Error {
  /** The server's error type; `unreachable` and `not_understood` are the page's own. */
  readonly type: string;
  /** 0 when the server was not reached. */
  readonly status: number;
  readonly remedy: string | undefined;

  constructor(type: string, status: number, message: string, remedy: string | undefined) {
    super(message);
    this.name = "ApiFailure";
    this.type = type;
    this.status = status;
    this.remedy = remedy;
  }
}

/** What failed before an answer came. */
export function unreachable(): ApiFailure {
  return new ApiFailure("unreachable", 0, "The server does not answer.", "Is it still running? The page tries again by itself as soon as it is back.");
}

/** The failure of an answer that is no success. */
export function refusalOf(status: number, text: string): ApiFailure {
  const error = errorIn(text);
  if (error) return new ApiFailure(error.type, status, error.message, error.remedy);
  return new ApiFailure("not_understood", status, `The server answered with status ${status} and nothing that can be read.`, "Is something between the page and the server, or another program at this address?");
}

/** Anything that was thrown, as a failure. */
export function failureOf(error: unknown): ApiFailure {
  if (error instanceof ApiFailure) return error;
  return new ApiFailure("page_failed", 0, error instanceof Error ? error.message : "Something in the page failed.", "Load the page again. If it comes back, it is a mistake of the inspector.");
}

function errorIn(text: string): { type: string; message: string; remedy?: string } | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: { type?: unknown; message?: unknown; remedy?: unknown } };
    if (typeof error?.type !== "string" || typeof error.message !== "string") return undefined;
    return { type: error.type, message: error.message, ...(typeof error.remedy === "string" ? { remedy: error.remedy } : {}) };
  } catch {
    return undefined;
  }
}
