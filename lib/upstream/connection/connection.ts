import { type Cause, describe, StreamUnavailable } from "./failure.ts";
import { Deadline } from "./deadline.ts";
import type { OpenStream } from "./response.ts";

/** How long the service may take to answer, in ms. */
const CONNECT_TIMEOUT = 30_000;
/** The most bytes of one read. */
const READ_BYTES = 128 * 1024;

/** How a connection ended. */
export interface Ending {
  /** The cause, for counting. */
  readonly cause: Cause;
  /** The wait that the service asks for, in ms. */
  readonly retryAfter?: number | undefined;
  /** The cause in a sentence, for the log. */
  readonly detail?: string | undefined;
}

/** Options of a {@linkcode Connection}. */
export interface ConnectionOptions {
  /** Ends the connection. */
  readonly stop: AbortSignal;
  /** Creates a client for this connection alone (default: `Deno.createHttpClient`). */
  readonly createClient?: (() => Deno.HttpClient) | undefined;
}

/**
 * One connection to the service, from the request to its end.
 *
 * It has an HTTP client of its own, which is closed with it. Over HTTP/2 an aborted request ends
 * only its stream: in a shared pool the TCP connection would stay, dead or not, and carry the next
 * attempts too, for as long as the operating system resends (16 minutes on Linux).
 */
export class Connection implements Disposable {
  readonly #controller = new AbortController();
  readonly #client: Deno.HttpClient;
  readonly #deadline = new Deadline<Cause>((cause) => this.abort(cause));
  readonly #stop: AbortSignal;
  readonly #onStop = () => this.abort("end");
  #reader: ReadableStreamBYOBReader | undefined;
  /** Every read uses the same memory: a buffer per read would be most of what V8 has to free. */
  #buffer = new ArrayBuffer(READ_BYTES);

  /** Creates the client; nothing is sent before {@linkcode open}. */
  constructor(
    { stop, createClient = () => Deno.createHttpClient({}) }: ConnectionOptions,
  ) {
    this.#stop = stop;
    this.#client = createClient();
    stop.addEventListener("abort", this.#onStop);
    if (stop.aborted) this.abort("end");
  }

  /**
   * Sends the request, and waits for its answer for at most 30 s.
   *
   * @throws {StreamUnavailable} or the reason of an abort, see {@linkcode endingOf}.
   */
  async open(
    request: (
      options: { readonly signal: AbortSignal; readonly client: Deno.HttpClient },
    ) => Promise<OpenStream>,
  ): Promise<OpenStream> {
    const { signal } = this.#controller;
    signal.throwIfAborted();
    this.allow(CONNECT_TIMEOUT, "unreachable");
    const opened = await request({ signal, client: this.#client });
    this.#reader = opened.body.getReader({ mode: "byob" });
    return opened;
  }

  /** Returns the next bytes, valid until the next call; `undefined` after the last. */
  async read(): Promise<Uint8Array | undefined> {
    const { value, done } = await this.#reader!.read(new Uint8Array(this.#buffer));
    if (!done) {
      this.#buffer = value.buffer;
      return value;
    }
    // An abort cancels the reader, which then returns the end of the body.
    this.#controller.signal.throwIfAborted();
    return undefined;
  }

  /** Ends the connection in `ms`, unless this is called again before. */
  allow(ms: number, cause: Cause): void {
    this.#deadline.set(ms, cause);
  }

  /** Ends the connection; a read that waits ends with it. */
  abort(cause: Cause): void {
    this.#controller.abort(cause);
    // Deno's fetch forgets the signal when its Response is collected, and a read then hangs on.
    this.#reader?.cancel().catch(() => {});
  }

  /** The cause of the abort; `undefined` if it was not aborted. */
  get aborted(): Cause | undefined {
    const { aborted, reason } = this.#controller.signal;
    return aborted ? reason : undefined;
  }

  /** Returns how a connection ended that failed with `error`. */
  endingOf(error: unknown): Ending {
    const cause = this.aborted;
    if (cause !== undefined) return { cause, detail: DETAILS[cause] };
    if (error instanceof StreamUnavailable) {
      return { cause: error.reason, retryAfter: error.retryAfter, detail: describe(error) };
    }
    return { cause: "cut", detail: `The connection was cut (${describe(error)})` };
  }

  /** Ends the connection and closes its client. */
  [Symbol.dispose](): void {
    this.#deadline.clear();
    this.#stop.removeEventListener("abort", this.#onStop);
    this.abort("end");
    this.#client.close();
  }
}

const DETAILS: Partial<Record<Cause, string>> = {
  idle: "No event arrived within the idle timeout",
  unreachable: `No answer within ${CONNECT_TIMEOUT / 1000} s`,
};
