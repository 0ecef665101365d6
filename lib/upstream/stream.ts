import { getLogger } from "@logtape/logtape";
import { formatDuration } from "../shared/duration.ts";
import { Outage } from "../shared/outage.ts";
import { waitAfter } from "../shared/retry.ts";
import { sleep as realSleep } from "../shared/sleep.ts";
import type { StreamCounts, StreamOptions, StreamState } from "./options.ts";
import { readReceivedEvent, type ReceivedEvent } from "./parse/received_event.ts";
import { Connection, type Ending } from "./connection/connection.ts";
import { type Cause, StreamUnavailable, UpstreamRefused } from "./connection/failure.ts";
import { requestFrom } from "./connection/request.ts";
import { IdReader } from "./parse/id_reader.ts";
import { gapReporter } from "./resume/gap_report.ts";
import { Margin } from "./resume/margin.ts";
import type { Position } from "./position/position.ts";
import { Deduplicator } from "./resume/deduplicator.ts";
import { ServiceClock } from "./resume/service_clock.ts";
import { type Frame, SseParser } from "./parse/sse.ts";

const log = getLogger(["wikitap", "upstream"]);

/** The default of `maxPause`, in ms. */
const MAX_PAUSE = 30_000;
/** The difference between clocks that is logged, in ms. */
const NOTABLE_DIFFERENCE = 60_000;
/** The resolution of HTTP's `Date`, in ms. */
const DATE_STEP = 1000;
/** The number of failures at one position after which it is skipped. */
const MAX_FAILURES_IN_PLACE = 5;
/** The maximum waits between attempts, in ms. Each is random, so that clients do not return in step. */
const BACKOFF = { firstWaitMs: 250, maxWaitMs: 30_000 };
/** The longest span of time that is skipped at one failing position, in ms. */
const MAX_STEP = 10_000;

/**
 * The events of an EventStreams stream, each once and in upstream's order, over any number of
 * connections: it reconnects, resumes by position, drops duplicates and re-reads gaps.
 *
 * `for await` yields the new events of one chunk of the response, never an empty list. They are
 * valid until the next ones are asked for, which come in the same memory. While the
 * consumer is busy, nothing is read, and TCP slows the service down. If it stays busy for
 * `maxPause` (default 30 s), the connection is closed and opened again when the consumer continues.
 *
 * Memory: one chunk (128 KiB), one frame (at most 18 MiB), the ids that are known (4 MiB), and, while
 * resuming after a restart, those of duplicates (10 MiB). No events are held while resuming.
 *
 * @throws {UpstreamRefused} while iterating, if the service refuses the request.
 */
export class EventStream implements AsyncIterable<readonly ReceivedEvent[]> {
  /** Counts since the start. */
  readonly counts: StreamCounts;
  readonly #options: StreamOptions;
  readonly #received: Position;
  readonly #deduplicator: Deduplicator<ReceivedEvent>;
  readonly #clock: ServiceClock;
  readonly #believes = (key: string, timestamp: number) => this.#clock.believes(key, timestamp);
  readonly #margin: Margin;
  /** The span of time that is skipped at the current position, in ms; usually 0. */
  #step = 0;
  /** The topic-partitions that the ids of the last connection named: those that exist. */
  #named: ReadonlySet<string> = new Set();
  /** Whether the service ever answered with events, which proves the settings. */
  #wasReadable = false;
  readonly #outage: Outage;
  #open: Connection | undefined;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#received = options.position.copy();
    this.#clock = new ServiceClock(options);
    this.#margin = new Margin(options.margin);
    this.#deduplicator = new Deduplicator(this.#received, gapReporter(options.monotonic));
    this.#outage = new Outage({
      log,
      over: "Reading again",
      now: options.monotonic,
    });
    this.counts = Object.assign(this.#deduplicator.counts, {
      state: "connecting" as StreamState,
      connected: false,
      arrivals: 0,
      bytes: 0,
      keepAlives: 0,
      reconnects: new Map<Cause, number>(),
      passed: 0,
    });
  }

  /** Every upstream topic-partition that an id has named. */
  get topicPartitions(): Iterable<string> {
    return this.#received.partitions.keys();
  }

  /**
   * Its start in ms: `position.start`, or earlier if that is in the future by the service's clock.
   */
  get start(): number {
    return this.#received.start;
  }

  /** The service's time in ms. */
  get time(): number {
    return this.#clock.time;
  }

  /** Whether this connection has repeated everything received before: what comes now is new. */
  get isAtNews(): boolean {
    return this.counts.connected && this.#deduplicator.resumed;
  }

  /** Closes the current connection, as after silence, and opens another one. */
  reconnect(): void {
    this.#open?.abort("idle");
  }

  /** Connects, and yields the new events of each chunk until `stop`. */
  async *[Symbol.asyncIterator](): AsyncGenerator<readonly ReceivedEvent[], void> {
    const { stop, random = Math.random, sleep = realSleep } = this.#options;
    /** Consecutive connections without a new event. */
    let fruitless = 0;
    let failuresInPlace = 0;
    try {
      while (!stop.aborted) {
        const before = this.counts.arrivals;
        const droppedBefore = this.counts.dropped;
        const { cause, retryAfter, isAtNews, detail } = yield* this.#connection();
        if (stop.aborted) return;
        this.counts.reconnects.set(cause, (this.counts.reconnects.get(cause) ?? 0) + 1);
        const hasNews = this.counts.arrivals > before;
        fruitless = hasNews ? 0 : fruitless + 1;
        const duplicates = this.counts.dropped - droppedBefore + this.#deduplicator.unresolved;
        if (cause !== "gap") this.#margin.ended({ duplicates, hasNews });
        failuresInPlace = hasNews
          ? 0
          : failuresInPlace + (cause === "error_event" && isAtNews ? 1 : 0);
        this.#stepOver(failuresInPlace);
        // The service cuts every connection within 15 minutes, and may be quiet.
        const isNormal = cause === "gap" || cause === "released" ||
          (fruitless <= 1 && (cause === "end" || cause === "cut" || cause === "idle"));
        if (isNormal) log.debug("Connecting again ({cause})", { cause });
        else this.#away(detail ?? `The connection ended without a new event (${cause})`);
        const wait = isNormal
          ? 0
          : Math.round(random() * waitAfter(Math.max(1, fruitless), BACKOFF));
        // The wait that the service asks for may be 0, also because its clock differs from this
        // one.
        await sleep(Math.max(retryAfter ?? 0, wait), stop);
      }
    } finally {
      this.counts.state = "ended";
    }
  }

  /** Reads one connection to its end. */
  async *#connection(): AsyncGenerator<readonly ReceivedEvent[], Ended> {
    const { stop, idleTimeout, maxPause = MAX_PAUSE, createClient } = this.#options;
    using connection = new Connection({ stop, createClient });
    this.#open = connection;
    let isAtNews = false;
    try {
      const { start } = this;
      await this.#request(connection);
      // What the service skipped for a start in the future comes first on the next connection.
      if (this.start < start) return { cause: "gap", isAtNews };
      const parser = new SseParser();
      const ids = new IdReader((key) => this.#received.track(key));
      connection.allow(idleTimeout, "idle");
      for (let chunk; (chunk = await connection.read()) !== undefined;) {
        this.counts.bytes += chunk.length;
        const frames = this.#withoutKeepAlives(parser.push(chunk));
        const fresh: ReceivedEvent[] = [];
        const ending = this.#frames(frames, ids, fresh);
        if (ids.named.size > 0) this.#named = ids.named;
        isAtNews = this.#deduplicator.resumed;
        if (fresh.length > 0) {
          this.counts.arrivals += fresh.length;
          this.#step = 0;
          this.#outage.end();
          connection.allow(maxPause, "released");
          yield fresh;
        }
        if (ending !== undefined) return { ...ending, isAtNews };
        // Released while the consumer was busy: the events that were read are fine.
        if (connection.aborted !== undefined) return { cause: connection.aborted, isAtNews };
        // Comments and empty frames may come from a proxy before a dead source.
        if (frames.length > 0 || parser.isInFrame) connection.allow(idleTimeout, "idle");
      }
      return { cause: "end", isAtNews, retryAfter: parser.retry };
    } catch (error) {
      if (error instanceof StreamUnavailable && error.isFinal({ wasReadable: this.#wasReadable })) {
        throw UpstreamRefused.from(error);
      }
      return { ...connection.endingOf(error), isAtNews };
    } finally {
      this.counts.connected = false;
      this.#open = undefined;
    }
  }

  /** Sends the request of a connection and checks that the answer is an event stream. */
  async #request(connection: Connection): Promise<void> {
    const { url, userAgent, fetch } = this.#options;
    this.counts.state = this.#outage.isActive ? "away" : "connecting";
    const wanted = {
      url,
      userAgent,
      position: this.#received,
      present: this.#named,
      margin: this.#step > 0 ? -this.#step : this.#margin.ms,
    };
    const { date } = await connection.open((options) => requestFrom(wanted, { ...options, fetch }));
    this.#wasReadable = true;
    this.#setClock(date);
    this.counts.connected = true;
    this.#deduplicator.connected({ anchored: this.#step === 0 });
  }

  /**
   * Sets the clock that decides which timestamps are credible. A start in the future is moved back:
   * the service would read it as "from now on", and events between two connections would be lost.
   */
  #setClock(date: number | undefined): void {
    const isFirst = !this.#clock.isSynchronized;
    const behind = this.#clock.set(date);
    if (date === undefined || !isFirst) return;
    if (date + DATE_STEP < this.#received.start) this.#received.startAt(date);
    const difference = Math.abs(behind);
    if (difference < NOTABLE_DIFFERENCE) return;
    log.warn("This machine's clock is {difference} {direction} that of the service: set it", {
      difference: formatDuration(Math.round(difference / 1000) * 1000),
      direction: behind > 0 ? "behind" : "ahead of",
    });
  }

  /**
   * Returns the messages and errors among frames. Other types are ignored, as the SSE standard
   * demands. Messages without data are ignored too: some proxies send them to keep a connection
   * open.
   */
  #withoutKeepAlives(frames: readonly Frame[]): Frame[] {
    return frames.filter(({ event, text, oversized }) => {
      if (event !== "message") return event === "error";
      const isEmpty = !oversized && text.trim() === "";
      if (isEmpty) this.counts.keepAlives++;
      return !isEmpty;
    });
  }

  /** Reads the events of frames and appends the new ones to `fresh`. */
  #frames(frames: readonly Frame[], ids: IdReader, fresh: ReceivedEvent[]): Ending | undefined {
    for (const frame of frames) {
      if (frame.event === "error") return { cause: "error_event", detail: errorEventText(frame) };
      const received = readReceivedEvent(frame, ids, this.#believes);
      // Without a Date, an event before the start shows that the start is in the future.
      if (!this.#clock.isSynchronized) this.#received.startAt(received.timestamp ?? Infinity);
      if (this.#deduplicator.take(received, fresh) === "reread") return { cause: "gap" };
    }
    if (frames.length > 0) this.counts.state = "reading";
    return undefined;
  }

  /** Skips a position after several failures at it: by 1 ms, 2 ms, 4 ms, … */
  #stepOver(failuresInPlace: number): void {
    if (failuresInPlace < MAX_FAILURES_IN_PLACE) return;
    if (this.#step === 0) {
      this.counts.passed++;
      log.warn(
        "The stream fails repeatedly at one position: skipping it, so events may be missing",
      );
    }
    this.#step = Math.min(MAX_STEP, Math.max(1, this.#step * 2));
  }

  #away(detail: string): void {
    this.counts.state = "away";
    this.#outage.fail(detail);
  }
}

interface Ended extends Ending {
  /** Whether every anchor has arrived. If so, the event after the last one causes the failure. */
  readonly isAtNews: boolean;
}

function errorEventText(frame: Frame): string {
  const text = new TextDecoder().decode(frame.data.subarray(0, 300));
  return `The service reported an error: ${text}`;
}
