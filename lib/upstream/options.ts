import type { sleep } from "../shared/sleep.ts";
import type { Cause } from "./connection/failure.ts";
import type { Position } from "./position/position.ts";
import type { DuplicateCounts } from "./resume/deduplicator.ts";

/** The state of the stream; `away`: the service is unreachable at the moment. */
export type StreamState = "connecting" | "reading" | "away" | "ended";

/** Counted since the start; read by status line, metrics and the closing summary. */
export interface StreamCounts extends DuplicateCounts {
  /** See {@linkcode StreamState}. */
  state: StreamState;
  /** Whether a response is open just now. */
  connected: boolean;
  /** Arrivals passed on, each once. */
  arrivals: number;
  /** Bytes of bodies that were read. */
  bytes: number;
  /** Empty frames, which some proxies send to keep a connection open. */
  keepAlives: number;
  /** Attempts to connect after the first, by the cause that ended the previous one. */
  readonly reconnects: Map<Cause, number>;
  /** Positions skipped because the service failed repeatedly at them. */
  passed: number;
}

/** Options of {@linkcode EventStream}. */
export interface StreamOptions {
  /** The stream, without `since`. */
  readonly url: URL;
  /** `name/version (contact) library/version`. */
  readonly userAgent: string;
  /** Where to resume. It is copied, since receiving is ahead of handling. */
  readonly position: Position;
  /** Ends the stream. */
  readonly stop: AbortSignal;
  /** Time without an event after which a connection is closed, in ms. */
  readonly idleTimeout: number;
  /** How far before T a connection begins, in ms (default 5,000): for a change of data center. */
  readonly margin?: number;
  /** How long the consumer may be busy before the connection is closed, in ms (default 30,000). */
  readonly maxPause?: number;
  /** Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch;
  /** Creates the HTTP client of one connection (default: `Deno.createHttpClient({})`). */
  readonly createClient?: () => Deno.HttpClient;
  /** This machine's clock in ms (default `Date.now`); unused if the service sends its own. */
  readonly now?: () => number;
  /** A clock in ms that never steps (default: `performance.now`). */
  readonly monotonic?: () => number;
  /** From 0 to 1, for back-off (default: `Math.random`). */
  readonly random?: () => number;
  /** Waits between connections (default: real time). */
  readonly sleep?: typeof sleep;
}
