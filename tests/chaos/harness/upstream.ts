import {
  type EventServer,
  type RecordPlace,
  serveEvents,
} from "../../../lib/replay/service/server.ts";
import { withGarbage } from "../../../lib/replay/service/faults.ts";
import type { EventLog } from "../../../lib/replay/log.ts";
import { fraction, Random } from "../../../lib/replay/random.ts";
import { syntheticLog } from "../../../lib/replay/synthetic/log.ts";
import { type Relay, startRelay } from "../../support/stream/relay.ts";
import type { Certificate } from "../../support/tools/certificates.ts";
import { type BurstOptions, burstsOf } from "./bursts.ts";
import { type Burst, Warp, warped, withRepeats } from "./served_log.ts";

export interface UpstreamOptions extends BurstOptions {
  /**
   * The approximate number of connections that fail among events that are sent once. At most
   * twice as many are cut, stalled or ended with an error: if most connections ended among duplicates, a run would never end.
   */
  readonly faults: number;
  /** The approximate number of events that are in the log twice (default 0). */
  readonly repeats?: number;
  /** Serves HTTP/2 over TLS with it (default: HTTP/1.1). */
  readonly tls?: Certificate | undefined;
}

/** The failures so far. */
export interface UpstreamFaults {
  /** Cut in the middle of a frame. */
  readonly cuts: number;
  /** Open and silent. */
  readonly stalls: number;
  /** TCP connections that the network forgot without a signal to either end. */
  readonly dead: number;
  /** Ended by `event: error`. */
  readonly errors: number;
  /** Attempts to connect that were answered with 429 or 500. */
  readonly statuses: number;
  /** Events omitted once, as if they were lost; another connection sends them. */
  readonly gaps: number;
}

/** The events sent so far. */
export interface Sent {
  readonly connections: number;
  /** Of these, how many over HTTP/2. */
  readonly http2: number;
  /** Events, each as often as it was sent. */
  readonly events: number;
  /** Events that another connection had sent before. */
  readonly again: number;
  /** Connections that began more than 10,000 events before the last event sent. */
  readonly longResumes: number;
}

/** Events per second by their timestamps, except in bursts: as on a busy day. */
const RATE = 100;
/** The maximum duration of a connection, in ms; upstream's is 15 minutes. */
const CONNECTION_LIMIT = 20_000;
/** The mean numbers of events between canaries, and between events that are not JSON. */
const CANARY_EVERY = 1000;
const GARBAGE_EVERY = 500;
/** The shares of the kinds of faults. */
const SHARES = { cut: 0.5, stall: 0.1, error: 0.2, gap: 0.1, status: 0.1 } as const;
/**
 * The part of the log without repeated events. If upstream renumbers the log while a producer
 * restarts, and two events have the id of its last one, it cannot know which of them that is. A
 * producer can be far behind the two thirds of the log at which that happens.
 */
const UNREPEATED = { from: 0.45, to: 0.7 };
/** The purposes of random choices. */
const Salt = { gap: 0x6368_0001, status: 0x6368_0002 } as const;
const LONG_RESUME = 10_000;

/**
 * Simulates Wikimedia EventStreams with all of its faults. After a third of the log the other data
 * center takes over. After two thirds, upstream renumbers its events: one topic forward, and the
 * active one a little backward, to numbers that were just used for other events.
 *
 * `release()` determines which events exist, so that the log lasts as long as there are faults.
 */
export class BadUpstream {
  /** The served log, with the numbers of the first two thirds. */
  readonly log: EventLog;
  /** For `--stream-url`. */
  readonly url: string;
  /** The parts of the log, from 0 to 1, at which its bursts end. */
  readonly burstEnds: readonly number[];
  readonly #server: EventServer;
  readonly #relay: Relay;
  readonly #random: Random;
  readonly #span: number;
  readonly #lost = new Set<string>();
  /** The log that each connection reads. */
  readonly #logs: EventLog[] = [];
  /** By topic, the highest index that was sent, and the last connection. */
  readonly #highest = new Map<string, { index: number; connection: number }>();
  #again = 0;
  #longResumes = 0;
  #released = 0;
  #dead = 0;

  constructor(options: UpstreamOptions) {
    const { seed, events, faults, tls, repeats = 0 } = options;
    this.#span = events * 1000 / RATE;
    this.#random = new Random(seed, Salt.status);
    const start = Date.now() - this.#span - 3_600_000;
    const bursts = burstsOf(options);
    this.burstEnds = bursts.map(({ to }) => to / events);
    const third = Math.floor(events / 3);
    // A burst is in one topic, since half of it would be too small.
    const switchAt = bursts.find(({ from, to }) => from < third && third < to)?.to ?? third;
    const timeOf = (index: number) => start + index * 1000 / RATE;
    const warp = new Warp(bursts.map(({ from, to }): Burst => ({
      from: timeOf(from),
      to: timeOf(to),
    })));
    const isWanted = (timestamp: number) =>
      timestamp < timeOf(UNREPEATED.from * events) || timestamp >= timeOf(UNREPEATED.to * events);
    const logOf = (offsets: { eqiad: number; codfw: number }) => {
      const log = syntheticLog({
        seed,
        start,
        rate: RATE,
        count: events,
        canaryEvery: CANARY_EVERY,
        offsets,
        switchAt,
      });
      const every = events / repeats;
      const repeated = repeats === 0 ? log : withRepeats(log, { seed, every, isWanted });
      return withGarbage(warped(repeated, warp), { seed, every: GARBAGE_EVERY });
    };
    this.log = logOf({ eqiad: 4_100_000_000, codfw: 800_000_000 });
    const renumbered = logOf({ eqiad: 4_200_000_000, codfw: 799_999_000 });
    const every = (share: number) => faults === 0 ? 0 : Math.ceil(events / (faults * share));
    const refuses = () => this.#random.chance(SHARES.status);
    const maxEndings = 2 * faults;
    const hasFaults = () => {
      const { cuts, stalls, errors } = this.#server.stats;
      return cuts + stalls + errors < maxEndings;
    };
    const gapEvery = every(SHARES.gap);
    this.#server = serveEvents({
      log: (connection) => this.#logs[connection] = this.#released < 2 / 3 ? this.log : renumbered,
      seed,
      pace: "wall-clock",
      tls,
      now: () => warp.time(start + this.#span * this.#released),
      connectionLimit: CONNECTION_LIMIT,
      faults: {
        cutEvery: every(SHARES.cut),
        stallEvery: every(SHARES.stall),
        errorEvery: every(SHARES.error),
        maxEndings,
        // Called after each served connection.
        get statuses() {
          return refuses() && hasFaults() ? [500, 429] : [];
        },
      },
      isLost: (place, connection) => {
        const index = this.#indexOf(place, connection);
        const name = `${place.topic} ${index}`;
        const isGap = gapEvery !== 0 && fraction(seed, Salt.gap, index) < 1 / gapEvery &&
          !this.#lost.has(name);
        if (isGap) this.#lost.add(name);
        else this.#noteSent(place.topic, index, connection);
        return isGap;
      },
    });
    const url = new URL(this.#server.url);
    this.#relay = startRelay(Number(url.port));
    url.port = String(this.#relay.port);
    this.url = url.href;
  }

  /**
   * For `--since`: before the first event, and in the past even for a clock that is a day slow.
   */
  get since(): number {
    return this.log.origin - 2 * 86_400_000;
  }

  /** The part of the log that exists now, from 0 to 1. */
  get released(): number {
    return this.#released;
  }

  /** Makes events exist up to this part of the log. It never removes any. */
  release(part: number): void {
    this.#released = Math.max(this.#released, Math.min(part, 1 + 1000 / this.#span));
  }

  /** Makes the network forget the open connections, without a signal to either end. */
  forgetConnections(): void {
    this.#relay.forget();
    this.#dead++;
  }

  get sent(): Sent {
    const { connections, http2, events } = this.#server.stats;
    return {
      connections,
      http2,
      events,
      again: this.#again,
      longResumes: this.#longResumes,
    };
  }

  get faults(): UpstreamFaults {
    const { cuts, stalls, errors, refused } = this.#server.stats;
    const statuses = (refused[429] ?? 0) + (refused[500] ?? 0);
    return { cuts, stalls, dead: this.#dead, errors, statuses, gaps: this.#lost.size };
  }

  async stop(): Promise<void> {
    await this.#relay[Symbol.asyncDispose]();
    await this.#server.stop();
  }

  #indexOf({ topic, offset }: RecordPlace, connection: number): number {
    return this.#logs[connection]!.topics.find((log) => log.topic === topic)!.firstFrom(offset);
  }

  #noteSent(topic: string, index: number, connection: number): void {
    const highest = this.#highest.get(topic) ?? { index: -1, connection: 0 };
    this.#highest.set(topic, highest);
    if (connection > highest.connection) {
      highest.connection = connection;
      if (highest.index - index >= LONG_RESUME) this.#longResumes++;
    }
    if (index <= highest.index) this.#again++;
    else highest.index = index;
  }
}
