import { getLogger } from "@logtape/logtape";
import { closeServer } from "../../http/server.ts";
import { assign, type Assignment } from "./assignment.ts";
import { FeedResponse, Torn } from "./connection.ts";
import { FaultDraw, type Faults } from "./faults.ts";
import { Feed } from "./feed.ts";
import type { EventLog, TopicLog } from "../log.ts";
import { type Availability, availability, type ReplayPace } from "./pace.ts";
import { httpError, Refusal } from "./refusal.ts";

/** How to serve a log. */
export interface EventServerOptions {
  /**
   * The log that is served; or, for a log that changes its numbering, a function from a connection
   * to its log. Connections are counted from 1, without rejected ones.
   */
  readonly log: EventLog | ((connection: number) => EventLog);
  /** When records appear (default `wall-clock`). */
  readonly pace?: ReplayPace;
  /** TCP port on 127.0.0.1; 0, the default, lets the system choose. */
  readonly port?: number;
  /** A certificate with its key, both PEM: serves HTTP/2 and HTTP/1.1 over TLS (default: plain). */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Connections that one address may have at a time (default 2); more get 429. */
  readonly connectionsPerAddress?: number;
  /** A connection ends after this time, in ms (default 15 minutes), between two frames. */
  readonly connectionLimit?: number;
  /** Refuses a User-Agent without a mail address or URL in it (default: false). */
  readonly requireContact?: boolean;
  /** The faults (default: none). */
  readonly faults?: Faults;
  /** Decides where faults happen (default 0). */
  readonly seed?: number;
  /** Records that a connection does not get, as if the service had lost them. */
  readonly isLost?: (record: RecordPlace, connection: number) => boolean;
  /** The time in ms (default `Date.now`). */
  readonly now?: () => number;
}

/** A position in a log. */
export interface RecordPlace {
  /** The topic of the log. */
  readonly topic: string;
  /** Its partition. */
  readonly partition: number;
  /** The offset in the partition. */
  readonly offset: number;
}

/** Counters since the start. */
export interface EventServerStats {
  /** Connections that got events, or would have. */
  readonly connections: number;
  /** Of these, how many over HTTP/2. */
  readonly http2: number;
  /** Connections that are open. */
  readonly open: number;
  /** Requests that were rejected, by status; including the statuses that are faults. */
  readonly refused: Readonly<Record<number, number>>;
  /** Events sent, including repeated ones. */
  readonly events: number;
  /** Connections that were cut as a fault. */
  readonly cuts: number;
  /** Connections that were stalled as a fault. */
  readonly stalls: number;
  /** Connections that were ended with an error event as a fault. */
  readonly errors: number;
}

/** A local EventStreams server. */
export interface EventServer {
  /** The address of the stream `recentchange`. */
  readonly url: string;
  /** Counters since the start. */
  readonly stats: EventServerStats;
  /** Ends all connections and closes the port; within 1 s, even if a client reads nothing. */
  stop(): Promise<void>;
}

const logger = getLogger(["wikitap", "replay"]);

/** Default User-Agents of libraries and tools, which Wikimedia's policy does not allow. */
const LIBRARY =
  /^(deno|node|node-fetch|undici|axios|got|bun|curl|wget|python|go-http|java|okhttp)\b/i;

/**
 * Serves a log as Wikimedia EventStreams does: `GET /v2/stream/recentchange` (or several streams,
 * joined by commas), `since` and `Last-Event-ID`, the same frames, limits and refusals.
 *
 * The server waits for slow clients: it prepares at most one chunk of 64 KiB per connection.
 */
export function serveEvents(options: EventServerOptions): EventServer {
  const { tls, port = 0 } = options;
  const service = new EventService(options);
  const server = Deno.serve({
    ...tls === undefined ? {} : { cert: tls.cert, key: tls.key },
    port,
    hostname: "127.0.0.1",
    onListen: () => {},
    onError: (error) => {
      if (!(error instanceof Torn)) logger.error("Cannot serve: {error}", { error });
      return new Response(null, { status: 500 });
    },
  }, (request, { remoteAddr }) => service.answer(request, (remoteAddr as Deno.NetAddr).hostname));
  const { hostname, port: used } = server.addr;
  return {
    url: `${tls === undefined ? "http" : "https"}://${hostname}:${used}/v2/stream/recentchange`,
    get stats() {
      return service.stats;
    },
    stop: async () => {
      service.close();
      await closeServer(server);
    },
  };
}

/** Answers requests, and counts them. */
class EventService {
  readonly #options: EventServerOptions;
  readonly #time: Availability;
  readonly #draw: FaultDraw;
  /** The address of each client, by its open response. */
  readonly #open = new Map<FeedResponse, string>();
  readonly #refused: Record<number, number> = {};
  readonly #stats = { connections: 0, http2: 0, events: 0, cuts: 0, stalls: 0, errors: 0 };
  /** The faults that the next attempts to connect meet. */
  #statuses: readonly number[] = [];

  constructor(options: EventServerOptions) {
    const { pace = "wall-clock", seed = 0, now = Date.now, faults = {} } = options;
    this.#options = options;
    this.#time = availability(this.#logOf(1), pace, now);
    this.#draw = new FaultDraw(faults, seed);
  }

  get stats(): EventServerStats {
    return { ...this.#stats, open: this.#open.size, refused: { ...this.#refused } };
  }

  answer(request: Request, address: string): Response {
    try {
      return this.#serve(request, address);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#refused[error.status] = (this.#refused[error.status] ?? 0) + 1;
      return error.toResponse();
    }
  }

  close(): void {
    for (const response of this.#open.keys()) response.close();
  }

  #logOf(connection: number): EventLog {
    const { log } = this.#options;
    return typeof log === "function" ? log(connection) : log;
  }

  /** @throws {Refusal} */
  #serve(request: Request, address: string): Response {
    const url = new URL(request.url);
    const topics = topicsOf(
      this.#logOf(this.#stats.connections + 1),
      request.method,
      url.pathname,
    );
    this.#admit(request, address);
    const { available, fromNowOn } = this.#time;
    const assignments = assign({
      topics,
      since: url.searchParams.get("since") ?? undefined,
      lastEventId: request.headers.get("last-event-id") ?? undefined,
      available,
      fromNowOn,
    });
    this.#time.begin();
    this.#stats.connections++;
    // HTTP/2 has `:authority` instead.
    if (!request.headers.has("host")) this.#stats.http2++;
    this.#statuses = this.#options.faults?.statuses ?? [];
    const response = this.#respond(assignments);
    this.#open.set(response, address);
    return new Response(response.body, { headers: HEADERS });
  }

  /** @throws {Refusal} for a client that may not connect, or not now. */
  #admit(request: Request, address: string): void {
    const { requireContact = false, connectionsPerAddress = 2 } = this.#options;
    checkUserAgent(request.headers.get("user-agent") ?? "", requireContact);
    const open = [...this.#open.values()].filter((other) => other === address).length;
    if (open >= connectionsPerAddress) throw tooMany();
    const [status, ...others] = this.#statuses;
    this.#statuses = others;
    if (status !== undefined) throw fault(status);
  }

  #respond(assignments: readonly Assignment[]): FeedResponse {
    const { isLost = () => false, connectionLimit = 15 * 60_000 } = this.#options;
    const number = this.#stats.connections;
    const response = new FeedResponse({
      feed: new Feed({
        assignments,
        now: this.#time.now,
        faults: this.#draw,
        isLost: ({ topic, partition, offset }, index) =>
          isLost({ topic, partition, offset: offset(index) }, number),
      }),
      now: this.#time.now,
      limit: connectionLimit,
      onChunk: ({ events, ending }) => {
        this.#stats.events += events;
        if (ending !== undefined) this.#stats[ENDINGS[ending]]++;
      },
      onEnd: () => this.#open.delete(response),
    });
    return response;
  }
}

const ENDINGS = { cut: "cuts", stall: "stalls", error: "errors" } as const;

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  "access-control-allow-origin": "*",
};

/** @throws {Refusal} for an unknown path. */
function topicsOf({ topics }: EventLog, method: string, path: string): TopicLog[] {
  const [, names] = /^\/v2\/stream\/([^/]+)$/.exec(path) ?? [];
  if (method !== "GET" || names === undefined) {
    throw httpError(404, "not_found", "Not Found", `Cannot ${method} ${path}`);
  }
  const asked = decoded(names).split(",");
  const unknown = asked.filter((name) => !topics.some(({ streams }) => streams.includes(name)));
  if (unknown.length > 0) {
    throw httpError(404, "not_found", "Stream Not Found", `Invalid streams: ${unknown.join(",")}`);
  }
  return topics.filter(({ streams }) => asked.some((name) => streams.includes(name)));
}

/** Decodes a path. A path with an invalid encoding is returned as it is, and names no stream. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @throws {Refusal} for a client without a contact in its User-Agent. */
function checkUserAgent(userAgent: string, requireContact: boolean): void {
  const named = userAgent !== "" && !LIBRARY.test(userAgent);
  if (named && (!requireContact || /@|https?:\/\//.test(userAgent))) return;
  throw httpError(
    403,
    "forbidden",
    "Forbidden",
    "Please set a User-Agent with contact information: name/version (mail address or URL)",
  );
}

function tooMany(): Refusal {
  return httpError(
    429,
    "too_many_requests",
    "Too Many Concurrent Connections From Your Client IP",
    "Your HTTP client is likely opening too many concurrent connections.",
    { "retry-after": "1" },
  );
}

function fault(status: number): Refusal {
  const headers: Record<string, string> = status === 429 || status === 503
    ? { "retry-after": "1" }
    : {};
  return httpError(status, "fault", `Status ${status}`, "An injected fault", headers);
}
