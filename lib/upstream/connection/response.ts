import { rightHint, UserError } from "../../shared/error.ts";

/** Why a connection could not be opened, or ended: few, and fit for a metric's label. */
export const CAUSES = [
  "end",
  "cut",
  "idle",
  "error event",
  "unreachable",
  "status 404",
  "status 429",
  "status 5xx",
  "not an event stream",
  "gap",
  "let go",
] as const;
export type Cause = typeof CAUSES[number];

/** The service cannot be read just now; another attempt may succeed. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";

  /** @param retryAfter What the service asks to wait, in ms, 5 minutes at the most. */
  constructor(
    readonly reason: Cause,
    message: string,
    readonly retryAfter?: number,
    options?: { cause: unknown },
  ) {
    super(message, options);
  }
}

/** The service refuses what is asked for; trying again would not help. */
export class UpstreamRefused extends UserError {
  override readonly name = "UpstreamRefused";
}

const MAX_RETRY_AFTER = 5 * 60_000;
/** How much of an error's body is read and shown. */
const MAX_ERROR_BYTES = 300;

/** An event stream that is open. */
export interface OpenStream {
  readonly body: ReadableStream<Uint8Array>;
  /** What the service's clock shows, in ms, to the second; `undefined` where it does not say. */
  readonly date: number | undefined;
}

/**
 * Opens the event stream and checks that it is one.
 *
 * @throws {Unavailable} network failure, 404, 408, 425, 429, 5xx, or another content type.
 * @throws {UpstreamRefused} for the other statuses; 403 asks for a contact (Wikimedia's policy).
 */
export async function openResponse(
  url: URL,
  { headers, signal, fetch = globalThis.fetch }: {
    headers: Record<string, string>;
    signal: AbortSignal;
    fetch?: typeof globalThis.fetch | undefined;
  },
): Promise<OpenStream> {
  let response: Response;
  try {
    response = await fetch(url, { headers, signal });
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw notAllowed(url, cause);
    throw new Unavailable("unreachable", `Cannot reach ${url.origin}`, undefined, { cause });
  }
  if (response.status === 200) return eventStreamOf(response, url);
  const { status } = response;
  const said = await beginningOf(response, signal);
  const message = `${url.origin} answered ${status}${said === "" ? "" : `: ${said}`}`;
  if (status === 404) throw new Unavailable("status 404", message);
  if (status === 429 || status === 408 || status === 425) {
    throw new Unavailable("status 429", message, retryAfterOf(response.headers.get("retry-after")));
  }
  if (status >= 500) {
    throw new Unavailable("status 5xx", message, retryAfterOf(response.headers.get("retry-after")));
  }
  throw new UpstreamRefused(message, { hint: hintFor(status) });
}

function eventStreamOf(response: Response, url: URL): OpenStream {
  const type = response.headers.get("content-type") ?? "";
  if (/^text\/event-stream\s*(;|$)/i.test(type) && response.body !== null) {
    const date = Date.parse(response.headers.get("date") ?? "");
    return { body: response.body, date: Number.isNaN(date) ? undefined : date };
  }
  response.body?.cancel().catch(() => {});
  throw new Unavailable(
    "not an event stream",
    `${url.href} is not an event stream: its content type is '${type.slice(0, 100)}'`,
  );
}

function notAllowed({ origin, host }: URL, cause: Error): UpstreamRefused {
  return new UpstreamRefused(`This program may not connect to ${origin}`, {
    hint: rightHint(`--allow-net=${host}`),
    cause,
  });
}

function hintFor(status: number): string {
  if (status === 403) {
    return "Wikimedia asks for a contact in the User-Agent: set --contact (or WIKITAP_CONTACT) " +
      "to a mail address or page of yours";
  }
  if (status === 400) {
    return "The service could not read where to resume: check --since, or forget the saved " +
      "position with --reset-position";
  }
  return "Check --stream-url";
}

/** `Retry-After` in ms, as seconds or as a date; `undefined` where it makes no sense. */
function retryAfterOf(value: string | null, now = Date.now()): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d{1,9}$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER);
}

async function beginningOf(response: Response, signal: AbortSignal): Promise<string> {
  const reader = response.body?.getReader();
  // As with the stream itself, the fetch may have forgotten its signal.
  signal.addEventListener("abort", () => reader?.cancel().catch(() => {}), { once: true });
  try {
    const { value } = await reader?.read() ?? {};
    return new TextDecoder().decode(value?.subarray(0, MAX_ERROR_BYTES)).trim();
  } catch {
    return "";
  } finally {
    reader?.cancel().catch(() => {});
  }
}
