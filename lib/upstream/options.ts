import type { sleep } from "../shared/sleep.ts";
import type { Cause } from "./connection/failure.ts";
import type { Position } from "./resume/position.ts";
import type { RepeatCounts } from "./resume/repeats.ts";

/** What the stream is doing; `away`: the service cannot be read just now. */
export type StreamState = "connecting" | "reading" | "away" | "ended";

/** Counted since the start; read by status line, metrics and the closing summary. */
export interface StreamCounts extends RepeatCounts {
  state: StreamState;
  /** Whether a response is open just now. */
  connected: boolean;
  /** Arrivals passed on, each once. */
  arrivals: number;
  bytes: number;
  /** Empty frames, which some proxies send to keep a connection open. */
  keepAlives: number;
  /** Attempts to connect after the first, by what ended the one before. */
  readonly reconnects: Map<Cause, number>;
  /** Places skipped because the service failed there again and again. */
  passed: number;
}

export interface StreamOptions {
  /** The stream, without `since`. */
  readonly url: URL;
  /** `name/version (contact) library/version`. */
  readonly userAgent: string;
  /** Where to go on. It is copied: what is received moves ahead of what is handled. */
  readonly position: Position;
  /** Ends the stream. */
  readonly stop: AbortSignal;
  /** Time in ms without an event after which a connection is given up. */
  readonly idleTimeout: number;
  /** How far before T a connection begins, in ms (default 5,000): for a change of data centre. */
  readonly margin?: number;
  /** ms that the consumer may be busy before the connection is released (default 30,000). */
  readonly maxPause?: number;
  readonly fetch?: typeof globalThis.fetch;
  /** Creates the HTTP client of one connection (default: `Deno.createHttpClient({})`). */
  readonly createClient?: () => Deno.HttpClient;
  /** This machine's clock in ms (default `Date.now`); decides nothing if the service tells its time. */
  readonly now?: () => number;
  /** A clock in ms that never steps (default: `performance.now`). */
  readonly monotonic?: () => number;
  readonly random?: () => number;
  readonly sleep?: typeof sleep;
}
