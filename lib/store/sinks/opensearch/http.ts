import { deniedHost, errorChain, permissionHint, UserError } from "../../../shared/error.ts";
import { formatDatabase, type OpenSearchAddress } from "../../address.ts";
import { SinkUnavailable } from "../../sink.ts";

/** A response whose meaning depends on the request: 2xx, or 400, 404, 405, 409, 413. */
export interface Answer {
  /** The HTTP status. */
  readonly status: number;
  /** The JSON of the body; `undefined` if it is not JSON, as in a proxy's own 413. */
  readonly body: unknown;
}

/** The body and the time limit of a request. */
export interface HttpRequest {
  /** An object, which is sent as JSON; or lines of JSON. Default: none. */
  readonly body?: object | string;
  /** How long the response may take, in ms. Default 10,000. */
  readonly limitMs?: number;
}

const JSON_TYPE = "application/json";
const LINES = "application/x-ndjson";

const BUSY: ReadonlySet<number> = new Set([408, 429, 503, 504]);

/** The default time limit of a response, in ms. */
const LIMIT = 10_000;

/** The maximum size of a response, in bytes. That to 10,000 rejected documents has 3 MB. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/** The meaning of messages of Deno's fetch. */
const REASONS: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/refused/, "connection refused"],
  [/dns error|lookup address/, "the host name cannot be resolved"],
  [/corrupt message/, "it does not speak TLS, expected http:// in the address"],
  [/HTTP version/, "it does not speak HTTP, expected https:// in the address"],
  [/are blocked/, "it is on the Fetch standard's list of blocked ports"],
];

/** The error if the cluster is too slow or overloaded: smaller requests may help. */
export class Busy extends SinkUnavailable {}

/**
 * Sends requests to a cluster.
 *
 * Redirects are not followed, since the login would be sent to another host. After a failure the
 * connections are replaced: over HTTP/2, a dead one would carry all later requests.
 */
export class Http implements Disposable {
  readonly #address: OpenSearchAddress;
  readonly #authorization: string | undefined;
  #client = Deno.createHttpClient({});

  /** @param login `user:password`, or `ApiKey KEY` or `Bearer TOKEN`; never logged. */
  constructor(address: OpenSearchAddress, login: string | undefined) {
    this.#address = address;
    this.#authorization = login === undefined ? undefined : authorizationOf(login);
  }

  /**
   * Sends a request and returns its response, which must be JSON.
   *
   * @throws {SinkUnavailable} if the same may work later: no JSON response, 408, 429, 5xx.
   * @throws {UserError} if a person has to act: wrong login, missing privilege, certificate,
   * redirect.
   */
  async request(method: string, path: string, request: HttpRequest = {}): Promise<Answer> {
    const { limitMs = LIMIT } = request;
    const client = this.#client;
    const over = new AbortController();
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Busy(`no answer in ${limitMs / 1000} s`)),
      limitMs,
    );
    try {
      const exchange = this.#exchange(method, path, request, { client, signal: over.signal });
      return await Promise.race([exchange, late]);
    } catch (error) {
      over.abort();
      this.#replace(client);
      throw this.#failure(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Closes the connections. */
  [Symbol.dispose](): void {
    this.#client.close();
  }

  async #exchange(
    method: string,
    path: string,
    { body }: HttpRequest,
    { client, signal }: { readonly client: Deno.HttpClient; readonly signal: AbortSignal },
  ): Promise<Answer> {
    const response = await fetch(`${this.#address.url}/${path}`, {
      method,
      headers: {
        accept: JSON_TYPE,
        ...body === undefined
          ? {}
          : { "content-type": typeof body === "string" ? LINES : JSON_TYPE },
        ...this.#authorization === undefined ? {} : { authorization: this.#authorization },
      },
      body: typeof body === "object" ? JSON.stringify(body) : body ?? null,
      redirect: "manual",
      signal,
      client,
    });
    const { status, headers } = response;
    if (status >= 300 && status < 400) {
      await response.body?.cancel();
      throw this.#redirected(headers.get("location") ?? "");
    }
    const text = await textOf(response, signal);
    const answer = { status, body: parse(text) };
    if (status === 401 || status === 403) throw this.#denied(answer);
    if (status === 408 || status === 429 || status >= 500) {
      const message = `HTTP ${status}${reasonIn(answer, ": ")}`;
      throw BUSY.has(status) ? new Busy(message) : new SinkUnavailable(message);
    }
    if (answer.body === undefined && status !== 413) {
      const beginning = JSON.stringify(text.slice(0, 100));
      throw new SinkUnavailable(`HTTP ${status}, and its answer is not JSON: ${beginning}`);
    }
    return answer;
  }

  /** Does nothing if another request has replaced the client. */
  #replace(client: Deno.HttpClient): void {
    if (this.#client !== client) return;
    this.#client = Deno.createHttpClient({});
    client.close();
  }

  #failure(error: unknown): unknown {
    if (error instanceof SinkUnavailable || error instanceof UserError) return error;
    if (error instanceof Deno.errors.NotCapable) {
      const { host } = new URL(this.#address.url);
      return this.#refusal("Deno denies the connection", {
        hint: permissionHint(`--allow-net=${deniedHost(error) ?? host}`),
        cause: error,
      });
    }
    const words = errorChain(error).map(({ message }) => message).join(": ");
    if (/invalid peer certificate/.test(words)) {
      return this.#refusal("its certificate is not trusted", {
        hint: "For a certificate authority of your own: deno run --cert FILE, or " +
          "DENO_TLS_CA_STORE=system",
        cause: error,
      });
    }
    const [, reason = "the connection failed"] = REASONS.find(([pattern]) => pattern.test(words)) ??
      [];
    return new SinkUnavailable(reason, { cause: error });
  }

  #redirected(location: string): UserError {
    return this.#refusal(`it redirects to '${location.slice(0, 200)}'`, {
      hint: "Use the address without a redirect in --database",
    });
  }

  /**
   * Returns the error of 401 or 403. A block of the index is 403 too, and passes when it is lifted.
   */
  #denied(answer: Answer): Error {
    const { status } = answer;
    if (typeIn(answer) === "cluster_block_exception") {
      return new SinkUnavailable(`HTTP ${status}${reasonIn(answer, ": ")}`);
    }
    const hint = status === 403
      ? "Grant the user the privileges that docs/operations.md lists"
      : this.#authorization === undefined
      ? "Set OPENSEARCH_AUTH to user:password"
      : "Check the login in OPENSEARCH_AUTH";
    return this.#refusal(`HTTP ${status}${reasonIn(answer, ": ")}`, { hint });
  }

  #refusal(what: string, options: { readonly hint: string; readonly cause?: unknown }): UserError {
    return new UserError(`Cannot use ${formatDatabase(this.#address)}: ${what}`, options);
  }
}

/** Returns the reason of an error after a separator, at most 300 characters; or nothing. */
export function reasonIn({ body }: Answer, separator = ""): string {
  const { error } = (body ?? {}) as { error?: unknown };
  const reason = typeof error === "string"
    ? error
    : (error as { reason?: unknown } | undefined)?.reason;
  return typeof reason === "string" ? `${separator}${reason.slice(0, 300)}` : "";
}

/** Returns the type of an error: `index_not_found_exception`. */
function typeIn({ body }: Answer): string | undefined {
  const { error } = (body ?? {}) as { error?: { type?: unknown } };
  return typeof error?.type === "string" ? error.type : undefined;
}

function authorizationOf(login: string): string {
  if (/^(?:ApiKey|Bearer) /.test(login)) return login;
  return `Basic ${new TextEncoder().encode(login).toBase64()}`;
}

/**
 * Reads the body of a response.
 *
 * @throws {SinkUnavailable} if it is larger than {@linkcode MAX_ANSWER_BYTES}.
 */
async function textOf(response: Response, signal: AbortSignal): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  // A fetch may forget its signal after a garbage collection.
  signal.addEventListener("abort", () => void reader.cancel().catch(() => {}));
  const decoder = new TextDecoder();
  let text = "";
  for (let size = 0;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.length;
    if (size > MAX_ANSWER_BYTES) {
      throw new SinkUnavailable(`its answer is larger than ${MAX_ANSWER_BYTES / 1024 / 1024} MiB`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
