import { getLogger } from "@logtape/logtape";
import { formatDuration } from "../shared/duration.ts";
import { sleep } from "../shared/sleep.ts";
import { type Arrival, readArrival } from "./parse/arrival.ts";
import { backoff } from "./connection/backoff.ts";
import { Deadline } from "./connection/deadline.ts";
import { writeEventId } from "./parse/event_id.ts";
import { IdReader } from "./parse/id_reader.ts";
import { gapReporter } from "./resume/gap_report.ts";
import type { Position } from "./resume/position.ts";
import { type RepeatCounts, Repeats } from "./resume/repeats.ts";
import { type Cause, openResponse, Unavailable, UpstreamRefused } from "./connection/response.ts";
import { type Frame, SseParser } from "./parse/sse.ts";

/** What the stream is doing; `away`: the service cannot be read just now. */
export type StreamState = "connecting" | "reading" | "away" | "ended";

/** Counted since the start; read by status line, metrics and the closing summary. */
export interface StreamCounts extends RepeatCounts {
  state: StreamState;
  /** Whether a response is open just now. */
  connected: boolean;
  /** Arrivals given on, each once. */
  arrivals: number;
  bytes: number;
  /** Attempts to connect after the first, by what ended the one before. */
  readonly reconnects: Map<Cause, number>;
  /** Places that were passed after the service failed there again and again. */
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
  /** Silence in ms after which a connection is given up. */
  readonly idleTimeout: number;
  /** How far before T a connection begins, in ms (default 5,000): for a change of data centre. */
  readonly margin?: number;
  /** ms that the consumer may take for what it was given before the connection is let go. */
  readonly maxPause?: number;
  readonly fetch?: typeof globalThis.fetch;
  readonly now?: () => number;
  readonly random?: () => number;
}

const log = getLogger(["wikitap", "upstream"]);

const MARGIN = 5000;
const MAX_PAUSE = 30_000;
const CONNECT_TIMEOUT = 30_000;
/** Kafka timestamps further ahead of the service's clock than this are not believed. */
const MAX_AHEAD = 60_000;
/** Clocks that differ by more, in ms, are worth a word. */
const NOTABLE_DIFFERENCE = 60_000;
/** HTTP tells the time to the second. */
const DATE_STEP = 1000;
/** A failure at the same place so often is passed. */
const MAX_FAILURES_IN_PLACE = 5;
/** The longest reconnection time in ms that a stream is granted. */
const MAX_RETRY = 60_000;
/** The farthest that one failing place is jumped over, in ms. */
const MAX_STEP = 10_000;

/**
 * The events of an EventStreams stream, each once and in upstream's order, over as many connections
 * as it takes: reconnects, resumes by position, drops repeats, re-reads gaps.
 *
 * `for await` gives what one chunk of the response brought, never nothing. While the consumer is
 * busy nothing is read, and TCP holds the service back; when it stays busy for `maxPause` (default
 * 30 s) the connection is let go, to be opened again when the consumer comes back.
 *
 * Memory: one chunk (64 KiB), one frame (18 MiB at the most), and while resuming what is held for
 * the anchors (16 MiB per upstream topic-partition).
 *
 * @throws {UpstreamRefused} while iterating, when the service refuses what is asked for.
 */
export class EventStream implements AsyncIterable<readonly Arrival[]> {
  readonly counts: StreamCounts;
  readonly #options: StreamOptions;
  readonly #received: Position;
  readonly #repeats: Repeats<Arrival>;
  readonly #now: () => number;
  /** Time in ms by which the current place is jumped over, 0 as a rule. */
  #step = 0;
  /** The topic-partitions that the ids of the last connection named: those that are there. */
  #named: ReadonlySet<string> = new Set();
  #everConnected = false;
  /** ms that this machine's clock is behind the service's; negative: ahead. */
  #clockBehind = 0;
  #awaySince: number | undefined;
  /** Attempts since then that failed. */
  #failures = 0;
  /** Ends the connection that is open. */
  #letGo: (() => void) | undefined;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#received = options.position.copy();
    this.#now = options.now ?? Date.now;
    this.#repeats = new Repeats(this.#received, gapReporter(this.#now));
    this.counts = Object.assign(this.#repeats.counts, {
      state: "connecting" as StreamState,
      connected: false,
      arrivals: 0,
      bytes: 0,
      reconnects: new Map<Cause, number>(),
      passed: 0,
    });
  }

  /** Every upstream topic-partition that an id has named. */
  get topicPartitions(): Iterable<string> {
    return this.#received.places.keys();
  }

  /** Where it began: `position.start`, or earlier where that had not come by the service's clock. */
  get start(): number {
    return this.#received.start;
  }

  /** Whether this connection has repeated all that was received before: what comes now is new. */
  get isAtNews(): boolean {
    return this.counts.connected && this.#repeats.resumed;
  }

  /** Gives up the connection that is open, as after silence, and opens another one. */
  reconnect(): void {
    this.#letGo?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Arrival[], void> {
    const { stop, random = Math.random } = this.#options;
    /** Connections in a row that brought nothing new. */
    let fruitless = 0;
    let failuresInPlace = 0;
    try {
      while (!stop.aborted) {
        const before = this.counts.arrivals;
        const { cause, retryAfter, isAtNews, detail } = yield* this.#connection();
        if (stop.aborted) return;
        this.counts.reconnects.set(cause, (this.counts.reconnects.get(cause) ?? 0) + 1);
        const hasNews = this.counts.arrivals > before;
        fruitless = hasNews ? 0 : fruitless + 1;
        failuresInPlace = hasNews
          ? 0
          : failuresInPlace + (cause === "error event" && isAtNews ? 1 : 0);
        this.#stepOver(failuresInPlace);
        // The service cuts every connection after 15 minutes at the latest, and may be quiet.
        const isNormal = cause === "gap" || cause === "let go" ||
          (fruitless <= 1 && (cause === "end" || cause === "cut" || cause === "idle"));
        if (isNormal) log.debug("Connecting again ({cause})", { cause });
        else this.#away(detail ?? `The connection ended without news (${cause})`);
        const wait = isNormal ? 0 : backoff(Math.max(1, fruitless), random);
        // What the service asks for may be nothing, also by a clock that differs from ours.
        await sleep(Math.max(retryAfter ?? 0, wait), stop);
      }
    } finally {
      this.counts.state = "ended";
    }
  }

  /** One connection, to its end. */
  async *#connection(): AsyncGenerator<readonly Arrival[], Ending> {
    const { stop, idleTimeout, maxPause = MAX_PAUSE } = this.#options;
    const controller = new AbortController();
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
    const abort = (cause: Cause) => {
      controller.abort(cause);
      // Deno's fetch forgets the signal when its Response is collected, and a read then hangs on.
      reader?.cancel().catch(() => {});
    };
    const onStop = () => abort("end");
    stop.addEventListener("abort", onStop);
    this.#letGo = () => abort("idle");
    const deadline = new Deadline(abort);
    deadline.set(CONNECT_TIMEOUT, "unreachable");
    let isAtNews = false;
    try {
      if (stop.aborted) return { cause: "end", isAtNews };
      const body = await this.#open(controller.signal);
      reader = body.getReader();
      this.counts.connected = true;
      this.#repeats.connected({ anchored: this.#step === 0 });
      const parser = new SseParser();
      const ids = new IdReader((key) => this.#received.know(key));
      while (true) {
        deadline.set(idleTimeout, "idle");
        const { value, done } = await reader.read();
        if (done) {
          controller.signal.throwIfAborted();
          return { cause: "end", isAtNews, retryAfter: asked(parser.retry) };
        }
        this.counts.bytes += value.length;
        const fresh: Arrival[] = [];
        const ending = this.#frames(parser.push(value), ids, fresh);
        if (ids.named.size > 0) this.#named = ids.named;
        isAtNews = this.#repeats.resumed;
        if (fresh.length > 0) {
          this.counts.arrivals += fresh.length;
          this.#step = 0;
          deadline.set(maxPause, "let go");
          yield fresh;
        }
        if (ending !== undefined) return { ...ending, isAtNews };
        // Let go while the consumer was busy: nothing is wrong with what was read.
        if (controller.signal.aborted) return { cause: controller.signal.reason, isAtNews };
      }
    } catch (error) {
      if (error instanceof UpstreamRefused) throw error;
      const reason = controller.signal.aborted ? controller.signal.reason as Cause : undefined;
      if (reason !== undefined) return { cause: reason, isAtNews, detail: DETAILS[reason] };
      if (error instanceof Unavailable) {
        return {
          cause: error.reason,
          isAtNews,
          retryAfter: error.retryAfter,
          detail: describe(error),
        };
      }
      const detail = `The connection was cut (${describe(error)})`;
      return { cause: "cut", isAtNews, detail };
    } finally {
      this.counts.connected = false;
      this.#letGo = undefined;
      deadline.clear();
      stop.removeEventListener("abort", onStop);
      abort("end");
    }
  }

  async #open(signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    this.counts.state = this.#awaySince === undefined ? "connecting" : "away";
    const all = [...this.#received.places.keys()];
    const named = all.filter((key) => this.#named.has(key));
    // One that is gone makes the service refuse them all: then without it, and by time if need be.
    const attempts = [all, named, []].filter((keys, i, tried) =>
      i === 0 || keys.length < tried[i - 1]!.length
    );
    for (const [i, keys] of attempts.entries()) {
      try {
        return await this.#ask(keys, signal);
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        const isGone = error.reason === "status 404";
        if (isGone && i < attempts.length - 1) continue;
        // An address that was right once is not what is wrong.
        if (this.#everConnected || !(isGone || error.reason === "not an event stream")) throw error;
        throw new UpstreamRefused(error.message, { hint: "Check --stream-url" });
      }
    }
    throw new Error("There is always an attempt");
  }

  /** Asks for topic-partitions by Last-Event-ID, or without any for all there are, by time. */
  async #ask(
    keys: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadableStream<Uint8Array>> {
    const { userAgent, fetch } = this.#options;
    const back = this.#step > 0 ? -this.#step : this.#options.margin ?? MARGIN;
    const { start, earliest } = this.#received;
    const from = (ms: number) => Math.max(start, ms - back);
    const url = new URL(this.#options.url);
    const headers: Record<string, string> = {
      "accept": "text/event-stream",
      "user-agent": userAgent,
    };
    if (keys.length === 0) url.searchParams.set("since", String(from(earliest)));
    else {
      const times = keys.map((key) => [key, from(this.#received.get(key)!.timestamp)] as const);
      headers["last-event-id"] = writeEventId(times);
    }
    const { body, date } = await openResponse(url, { headers, signal, fetch });
    this.#everConnected = true;
    if (date !== undefined) this.#compareClocks(date);
    return body;
  }

  /**
   * What is credible, and what has come, goes by the service's clock. By a slow one of ours no event
   * would be believed, and none remembered; by a fast one we would ask for a time that has not come,
   * which means from now on, and would lose what came while there was no connection.
   */
  #compareClocks(date: number): void {
    const isFirst = this.#clockBehind === 0;
    this.#clockBehind = date - this.#now();
    if (date + DATE_STEP < this.#received.start) this.#received.startAt(date);
    const difference = Math.abs(this.#clockBehind);
    if (!isFirst || difference < NOTABLE_DIFFERENCE) return;
    log.warn("This machine's clock is {difference} {direction} that of the service: set it", {
      difference: formatDuration(Math.round(difference / 1000) * 1000),
      direction: this.#clockBehind > 0 ? "behind" : "ahead of",
    });
  }

  /** Frames become arrivals, and of these what is new goes to `fresh`. */
  #frames(frames: readonly Frame[], ids: IdReader, fresh: Arrival[]): Ending | undefined {
    const latest = this.#now() + Math.max(0, this.#clockBehind) + MAX_AHEAD;
    for (const frame of frames) {
      if (frame.event === "error") return { cause: "error event", detail: errorEventText(frame) };
      if (frame.event !== "message") continue;
      const arrival = readArrival(frame, ids, latest);
      if (this.#repeats.take(arrival, fresh) === "reread") return { cause: "gap" };
    }
    if (frames.length > 0) this.#back();
    return undefined;
  }

  /** After several failures at one place: beyond it by 1 ms, 2 ms, 4 ms, … */
  #stepOver(failuresInPlace: number): void {
    if (failuresInPlace < MAX_FAILURES_IN_PLACE) return;
    if (this.#step === 0) {
      this.counts.passed++;
      log.warn("The service fails again and again at one place: passing it, which may skip events");
    }
    this.#step = Math.min(MAX_STEP, Math.max(1, this.#step * 2));
  }

  #away(detail: string): void {
    this.counts.state = "away";
    this.#failures++;
    if (this.#awaySince !== undefined) return log.debug("Still away: {detail}", { detail });
    this.#awaySince = this.#now();
    log.warn("{detail}; trying again until it answers", { detail });
  }

  #back(): void {
    this.counts.state = "reading";
    if (this.#awaySince === undefined) return;
    const seconds = Math.round((this.#now() - this.#awaySince) / 1000);
    const failures = this.#failures;
    log.info("Reading again after {seconds} s, failed attempts: {failures}", { seconds, failures });
    this.#awaySince = undefined;
    this.#failures = 0;
  }
}

interface Ending {
  readonly cause: Cause;
  /** Every anchor had come: what follows the last event is what failed. */
  readonly isAtNews?: boolean;
  readonly retryAfter?: number | undefined;
  readonly detail?: string | undefined;
}

const DETAILS: Partial<Record<Cause, string>> = {
  idle: "Nothing came within the idle timeout",
  unreachable: `No answer within ${CONNECT_TIMEOUT / 1000} s`,
};

/** The reconnection time that a stream asks for, within reason. */
function asked(retry: number | undefined): number | undefined {
  return retry === undefined ? undefined : Math.min(retry, MAX_RETRY);
}

function errorEventText(frame: Frame): string {
  const text = new TextDecoder().decode(frame.data.subarray(0, 300));
  return `The service reported an error: ${text}`;
}

/** An error with its causes, without what Deno's `fetch` puts around the one that says something. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const told: string[] = [];
  for (let e: unknown = error; e instanceof Error && told.length < 5; e = e.cause) {
    if (e.message === "fetch failed") continue;
    told.push(e.message.replace(/^error sending request for url \(.*?\): /, ""));
  }
  return told.join(": ") || error.message;
}
