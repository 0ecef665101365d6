import type { Fault, Plan } from "../plan.ts";
import type { World } from "../world/world.ts";
import { Random } from "../world/random.ts";
import type { Machine } from "../world/machine.ts";
import { Connection } from "./connection.ts";
import { type Entry, type UpstreamTopic, writeLog } from "./log.ts";
import { responseOf, SimulatedBody } from "./response.ts";

const ENDLESS_REDIRECT = "Fetch failed: Maximum number of redirects (20) reached";
/**
 * The maximum number of connections in a row that end with an error event: at the fifth, the
 * producer skips the position.
 */
const MAX_ERROR_EVENTS = 3;

/** How far ahead of the service's clock a timestamp is credible, in ms. */
const CREDIBLE = 60_000;
/** The longest time from the service to a reader, in ms, if bytes trickle. */
const MAX_TRANSIT = 30_000;

/**
 * The upstream service as its clients see it, by known facts of KafkaSSE: a log per
 * topic-partition, each read from a time on, in its own order and at its own speed.
 */
export class Service {
  readonly topics: readonly UpstreamTopic[];
  readonly random: Random;
  readonly #omissions: Random;
  readonly #leftOut = new Set<Entry>();
  readonly #connections = new Set<Connection>();
  /** The start that the first connection requested, in ms. */
  since: number | undefined;
  #errorEvents = 0;
  /** The names of the machines that have connected. */
  readonly known = new Set<string>();
  /** The assumed error of the service's clock by machine, in ms. */
  readonly #ahead = new Map<Machine, number>();
  readonly #dated = new Set<Machine>();
  /** Times in the future at which a reader may have begun: its own "now", or the service's. */
  readonly #futureStarts = new Set<number>();
  /** Called when a topic is requested from such a time on. */
  onFutureStart: (topic: UpstreamTopic, cursor: number) => void = () => {};
  /**
   * Called with an entry whose false timestamp is credible for a machine with an equally wrong
   * clock.
   */
  onMisled: (entry: Entry) => void = () => {};
  /** Called with an entry whose loss on a connection may not be noticed. */
  onHidden: (entry: Entry) => void = () => {};
  /** Called before a connection is served, with the time (ms) from which it is requested, if any. */
  onConnect: (
    machine: Machine,
    cursors: ReadonlyMap<UpstreamTopic, number>,
    since: number | undefined,
  ) => void = () => {};

  constructor(readonly world: World, readonly plan: Plan) {
    this.random = Random.of(plan.seed, "service");
    this.#omissions = Random.of(plan.seed, "left out");
    this.topics = writeLog(world);
  }

  /** Returns the `fetch` of a machine. */
  fetchOf(machine: Machine): typeof globalThis.fetch {
    return (input, init) =>
      new Promise((resolve, reject) => {
        if (!machine.calls()) return;
        const signal = init?.signal ?? undefined;
        signal?.addEventListener("abort", () => reject(signal.reason));
        const headers = init?.headers as Readonly<Record<string, string>>;
        const ask = { url: input as URL, headers, signal };
        if (this.#draws("no answer")) return;
        const wait = this.random.between(2, 80);
        this.world.scheduler.after(
          wait,
          () => this.#answer(ask, machine, resolve, reject),
          machine,
        );
      });
  }

  /** Ends all connections, or those that read a topic. */
  endAll(topic?: UpstreamTopic): void {
    for (const connection of [...this.#connections]) {
      if (topic === undefined || connection.reads(topic)) connection.finish("cut");
    }
  }

  forget(connection: Connection): void {
    this.#connections.delete(connection);
  }

  #answer(
    { url, headers, signal }: Ask,
    machine: Machine,
    resolve: (response: Response) => void,
    reject: (reason: unknown) => void,
  ): void {
    if (signal?.aborted) return;
    if (this.#draws("unreachable")) return reject(new TypeError("error sending request"));
    if (this.#draws("status 5xx")) {
      return resolve(refusal(this.random.pick([500, 502, 503]), "Internal Server Error"));
    }
    if (this.#draws("status 429")) {
      const retryAfter = this.random.pick([undefined, "1", "5"]);
      return resolve(refusal(429, "Too Many Requests", retryAfter));
    }
    // Before the stream was ever readable, such an answer means that the settings are wrong.
    if (this.known.has(machine.name) && this.#draws("status 4xx")) {
      return resolve(refusal(this.random.pick([401, 403, 407, 410]), "Forbidden"));
    }
    if (this.known.has(machine.name) && this.#draws("wrong type")) {
      return resolve(responseOf(200, { "content-type": "text/html" }, SimulatedBody.of("<html>")));
    }
    if (this.known.has(machine.name) && this.#draws("redirect")) {
      // As `fetch` handles it: an endless redirect fails, and one without an address is returned.
      const isEndless = this.random.chance(0.5);
      return isEndless ? reject(new TypeError(ENDLESS_REDIRECT)) : resolve(refusal(302, "Found"));
    }
    const cursors = this.#cursors(url, headers);
    if (typeof cursors === "number") return resolve(refusal(cursors, "Not found"));
    const requested = url.searchParams.get("since");
    const since = requested === null ? undefined : Number(requested);
    this.since ??= since ?? this.world.scheduler.now;
    // If the position went with Kafka's topic, a later process begins at its own "now".
    this.#noteStart(since ?? this.since);
    this.onConnect(machine, cursors, since);
    this.world.trace(() => {
      const from = [...cursors].map(([{ name }, index]) => `${name.slice(0, 5)}…@${index}`);
      return `upstream: ${machine.name} reads ${from.join(" ")}`;
    });
    const isForgotten = this.#draws("signal forgotten");
    const connection = new Connection(this, machine, cursors, {
      limit: this.plan.connectionLimit,
      fault: this.#faultOf(),
      signal: isForgotten ? undefined : signal,
    });
    this.#connections.add(connection);
    resolve(responseOf(200, this.#headers(machine), connection.body));
  }

  /**
   * Returns whether a connection loses an entry; another one brings it. Not lost is what a producer
   * cannot notice, or does not read again: the first entry of a connection, a second gap behind one
   * event, and any gap after three that remained.
   */
  leavesOut(entry: Entry): boolean {
    const before = entry.topic.entries[entry.index - 1]?.kind;
    const isReread = (before === "event" || before === "canary") && this.plan.rate("gap") === 0;
    if (!isReread || this.world.isUnclear || this.#leftOut.has(entry)) return false;
    if (!this.world.draws("left out", this.#omissions)) return false;
    this.#leftOut.add(entry);
    this.world.trace(() => `upstream: leaves out ${entry.id} at ${entry.offset}`);
    return true;
  }

  /**
   * Notes that a rejected frame is counted for another topic than its own. There it takes the place
   * of an entry that was lost.
   */
  noteUnclear(): void {
    this.world.isUnclear = true;
    for (const entry of this.#leftOut) this.onHidden(entry);
  }

  /** Notes that an entry is sent. */
  served(entry: Entry, machine: Machine): void {
    this.world.sent.add(entry.duplicateOf ?? entry);
    const { now } = this.world.scheduler;
    const { timestamp } = entry;
    if (timestamp <= now) return;
    // Without a Date, a start in the future is moved back to it.
    this.#futureStarts.add(timestamp);
    const readAt = Math.max(now, machine.frozenUntil) + MAX_TRANSIT;
    const latest = readAt + (this.#ahead.get(machine) ?? 0) + CREDIBLE;
    if (timestamp <= latest) this.onMisled(entry);
  }

  /** Returns where each topic is read from, or a status if the service rejects the request. */
  #cursors(url: URL, headers: Ask["headers"]): Map<UpstreamTopic, number> | number {
    const { now } = this.world.scheduler;
    const existing = this.topics.filter(({ isGone }) => !isGone);
    const lastEventId = headers["last-event-id"];
    const since = url.searchParams.get("since");
    if (lastEventId === undefined) {
      if (since !== null && !/^\d+$/.test(since)) return 400;
      const from = since === null ? Infinity : Number(since);
      const cursors = new Map(existing.map((topic) => [topic, topic.from(from, now)]));
      // Records may exist: of a topic that is gone, or, without transactions, before a position.
      if (this.#futureStarts.has(from)) {
        for (const [topic, cursor] of cursors) this.onFutureStart(topic, cursor);
      }
      return cursors;
    }
    const cursors = new Map<UpstreamTopic, number>();
    let asked: unknown;
    try {
      asked = JSON.parse(lastEventId);
    } catch {
      return 400;
    }
    if (!Array.isArray(asked)) return 400;
    for (const { topic: name, timestamp } of asked) {
      const topic = existing.find((topic) => topic.name === name);
      if (topic === undefined) return 404;
      cursors.set(topic, topic.from(timestamp ?? Infinity, now));
      if (this.#futureStarts.has(timestamp)) {
        this.onFutureStart(topic, cursors.get(topic)!);
      }
    }
    return cursors;
  }

  #noteStart(time: number): void {
    if (time > this.world.scheduler.now) this.#futureStarts.add(time);
  }

  #headers(machine: Machine): Record<string, string> {
    const type = { "content-type": "text/event-stream; charset=utf-8" };
    const { now } = this.world.scheduler;
    if (this.#draws("no date")) {
      // A machine uses its own clock until an answer has a date.
      if (!this.#dated.has(machine)) this.#ahead.set(machine, machine.clock(now) - now);
      return type;
    }
    const skew = this.#draws("skewed date") ? this.random.int(-1800, 1800) * 1000 : 0;
    const date = new Date(now + skew);
    this.#ahead.set(machine, skew);
    this.#dated.add(machine);
    this.#noteStart(Math.floor(date.getTime() / 1000) * 1000);
    return { ...type, date: date.toUTCString() };
  }

  /** Returns how a connection will end early. */
  #faultOf(): Fault | undefined {
    const kinds = ["cut", "short end", "stall", "trickle", "error event"] as const;
    const fault = kinds.find((kind) =>
      (kind !== "error event" || this.#errorEvents < MAX_ERROR_EVENTS) && this.#draws(kind)
    );
    this.#errorEvents = fault === "error event" ? this.#errorEvents + 1 : 0;
    return fault;
  }

  #draws(fault: Fault): boolean {
    return this.world.draws(fault, this.random);
  }
}

interface Ask {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

function refusal(status: number, message: string, retryAfter?: string): Response {
  const headers = retryAfter === undefined ? {} : { "retry-after": retryAfter };
  return responseOf(status, headers, SimulatedBody.of(JSON.stringify({ message })));
}
