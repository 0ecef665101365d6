import { deniedHost, permissionHint } from "../../shared/error.ts";
import { type Cause, describe, StreamUnavailable } from "./failure.ts";
import { proxyFor } from "./proxy.ts";
import { meaningOf } from "./status.ts";

/** The longest `Retry-After` that is respected, in ms. */
const MAX_RETRY_AFTER = 5 * 60_000;
/** The maximum part of an error's body that is read and shown, in bytes. */
const MAX_ERROR_BYTES = 300;

/** How an event stream is requested. */
export interface RequestOptions {
  /** Headers in addition to `Accept` and `Accept-Encoding`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Ends the request, and its body if nothing of it was read yet. */
  readonly signal: AbortSignal;
  /** Holds the connection; its owner closes it when the stream has ended. */
  readonly client?: Deno.HttpClient;
  /** Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** An event stream that is open. */
export interface OpenStream {
  /** The bytes of the stream. */
  readonly body: ReadableStream<Uint8Array>;
  /** The service's time in ms, to the second; `undefined` if it sends none. */
  readonly date: number | undefined;
}

/**
 * Opens an event stream and checks that it is one. Redirects are followed, at most 20.
 *
 * It asks for a body without compression: Deno decodes no zstd and only the first of several gzip
 * members, and proxies delay what they compress.
 *
 * @throws {StreamUnavailable} for any other response; its rule determines whether to retry.
 */
export async function openResponse(
  url: URL,
  { headers, signal, client, fetch = globalThis.fetch }: RequestOptions,
): Promise<OpenStream> {
  let response: Response;
  try {
    response = await fetch(url, {
      headers: { "accept": "text/event-stream", "accept-encoding": "identity", ...headers },
      signal,
      ...client === undefined ? {} : { client },
    });
  } catch (cause) {
    throw failedFetch(url, cause);
  }
  const answered = response.url === "" ? url : new URL(response.url);
  if (response.status === 200) return eventStreamOf(response, answered);
  const { cause, hint } = meaningOf(response.status);
  const said = await beginningOf(response, signal);
  const message = `${addressOf(answered)} answered ${response.status}${said && `: ${said}`}`;
  const retryAfter = retryAfterOf(response.headers.get("retry-after"));
  throw new StreamUnavailable(cause, message, { hint, retryAfter });
}

function eventStreamOf(response: Response, url: URL): OpenStream {
  const type = response.headers.get("content-type") ?? "";
  const encoding = response.headers.get("content-encoding") ?? "";
  const address = `${url.origin}${url.pathname}`;
  const refuse = (
    ...[reason, message, options]: ConstructorParameters<typeof StreamUnavailable>
  ) => {
    response.body?.cancel().catch(() => {});
    return new StreamUnavailable(reason, message, options);
  };
  if (!/^text\/event-stream\s*(;|$)/i.test(type) || response.body === null) {
    throw refuse(
      "not_event_stream",
      `${address} is not an event stream: its content type is '${type.slice(0, 100)}'`,
      { hint: "Check --stream-url" },
    );
  }
  if (!/^\s*(identity\s*)?$/i.test(encoding)) {
    throw refuse(
      "content_encoding",
      `Cannot read ${address}: its Content-Encoding is '${encoding.slice(0, 100)}', ` +
        "expected none",
      {
        hint:
          "Configure the server, or the proxy in front of it, to honor Accept-Encoding: identity",
      },
    );
  }
  const date = Date.parse(response.headers.get("date") ?? "");
  return { body: response.body, date: Number.isNaN(date) ? undefined : date };
}

/** Returns the failure if there was no answer. */
function failedFetch(url: URL, cause: unknown): StreamUnavailable {
  if (cause instanceof Deno.errors.NotCapable) return notPermitted(url, cause);
  const text = describe(cause);
  const { reason, hint } = FETCH_FAILURES.find(({ matches }) => matches.test(text))!;
  return new StreamUnavailable(reason, `Cannot reach ${addressOf(url)}`, { hint, cause });
}

/** The meaning of messages of Deno's fetch; the first row that matches decides. */
const FETCH_FAILURES: readonly {
  readonly matches: RegExp;
  readonly reason: Cause;
  readonly hint: string | undefined;
}[] = [
  {
    matches: /Requests to port \d+ are blocked/,
    reason: "not_permitted",
    hint: "Choose another port: the Fetch standard blocks this one",
  },
  {
    matches: /Maximum number of redirects|Can not redirect|Invalid URL/,
    reason: "http_3xx",
    hint: "Check --stream-url",
  },
  {
    matches: /proxy authentication required/i,
    reason: "http_4xx",
    hint: meaningOf(407).hint,
  },
  {
    matches: /invalid peer certificate/,
    reason: "certificate",
    hint: "Check --stream-url and the clock of this machine. For a certificate authority of your " +
      "own: deno run --cert FILE, or DENO_TLS_CA_STORE=system",
  },
  {
    matches: /received corrupt message|invalid HTTP version/,
    reason: "not_event_stream",
    hint: "Check whether --stream-url should begin with http:// or https://",
  },
  { matches: /^/, reason: "unreachable", hint: undefined },
];

/** Deno names the denied host, which after a redirect is not the requested one. */
function notPermitted(url: URL, cause: Error): StreamUnavailable {
  const own = `${url.hostname}:${url.port || (url.protocol === "https:" ? "443" : "80")}`;
  const host = deniedHost(cause) ?? own;
  const message = host === own
    ? `Cannot connect to ${url.origin}: Deno denies the connection`
    : `Cannot follow the redirect from ${url.origin} to '${host}': ` +
      "Deno denies the connection";
  return new StreamUnavailable("not_permitted", message, {
    hint: permissionHint(`--allow-net=${host}`),
  });
}

/** Returns the origin, with the proxy on the way to it. */
function addressOf(url: URL): string {
  const proxy = proxyFor(url);
  return proxy === undefined ? url.origin : `${url.origin} through the proxy ${proxy}`;
}

/** Parses `Retry-After`, in seconds or a date, as ms; `undefined` if it is invalid. */
function retryAfterOf(value: string | null, now = Date.now()): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d{1,9}$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER);
}

/** Returns the beginning of a body on one line; empty if it cannot be read. */
async function beginningOf(response: Response, signal: AbortSignal): Promise<string> {
  const reader = response.body?.getReader();
  // As with the stream itself, the fetch may have forgotten its signal.
  signal.addEventListener("abort", () => reader?.cancel().catch(() => {}), { once: true });
  try {
    const { value } = await reader?.read() ?? {};
    const text = new TextDecoder().decode(value?.subarray(0, MAX_ERROR_BYTES));
    return text.replace(/\s+/g, " ").trim();
  } catch {
    return "";
  } finally {
    reader?.cancel().catch(() => {});
  }
}
