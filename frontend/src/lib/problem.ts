import type { components } from "./schema";

export type ProblemDocument = components["schemas"]["Problem"];
export type Fault = components["schemas"]["FaultView"];

/** An answer that says no, as the API says it (RFC 9457); or no answer at all. */
export class Problem extends Error {
  constructor(
    readonly document: ProblemDocument,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(document.detail || document.title);
  }

  get code(): string {
    return this.document.code;
  }

  get status(): number {
    return this.document.status;
  }

  get faults(): readonly Fault[] {
    return this.document.errors ?? [];
  }

  /** Whether the very same request may be sent again because nobody knows what became of it. */
  get isUncertain(): boolean {
    return this.status === 0 || this.status >= 500 || this.code === "still_running";
  }
}

/** The codes that this app makes itself: nobody answered, or not in our words. */
export const OFFLINE = "offline";
export const UNREADABLE = "unreadable_answer";

export function offline(): Problem {
  return new Problem({
    type: `urn:omnichannel-publisher:problem:${OFFLINE}`,
    title: "No answer",
    status: 0,
    detail: "The API could not be reached.",
    code: OFFLINE,
  });
}

/** Make a problem of whatever came back with an error status. */
export function problemOf(body: unknown, response: Response): Problem {
  const wait = Number(response.headers.get("Retry-After"));
  const seconds = Number.isFinite(wait) && wait > 0 ? wait : null;
  if (isDocument(body)) return new Problem(body, seconds);
  return new Problem(
    {
      type: `urn:omnichannel-publisher:problem:${UNREADABLE}`,
      title: response.statusText || `HTTP ${response.status}`,
      status: response.status,
      detail: "The answer was not one of this API's.",
      code: UNREADABLE,
    },
    seconds,
  );
}

/** Faults by where they are, so that each can be shown at its field. */
export function faultsAt(faults: readonly Fault[], pointer: string): Fault[] {
  return faults.filter((fault) => fault.pointer === pointer || fault.pointer.startsWith(`${pointer}/`));
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return offline();
}

function isDocument(value: unknown): value is ProblemDocument {
  const given = value as Partial<ProblemDocument> | null;
  return typeof given?.code === "string" && typeof given.title === "string";
}
