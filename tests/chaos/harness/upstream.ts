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
  /** Connections that go wrong, about. */
  readonly faults: number;
  /** Events that are in the log a second time, about (default 0). */
  readonly repeats?: number;
  /** Serves HTTP/2 over TLS with it (default: HTTP/1.1). */
  readonly tls?: Certificate | undefined;
}

/** The failures so far. */
export interface UpstreamFaults {
  /** Torn in the middle of a frame. */
  readonly cuts: number;
  /** Open and silent. */
  readonly stalls: number;
  /** TCP connections that the network forgot without a signal to either end. */
  readonly dead: number;
  /** Ended by `event: error`. */
  readonly errors: number;
  /** Attempts to connect that got 429 or 500. */
  readonly statuses: number;
  /** Events left out once, as if they were lost; another connection brings them. */
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
  /** Connections that began more than 10,000 events before the last one that was sent. */
  readonly longResumes: number;
}

/** Events per second that the timestamps suggest, except in bursts: a busy day's. */
const RATE = 100;
/** Every connection ends after this time, in ms; upstream's do after 15 minutes. */
const CONNECTION_LIMIT = 20_000;
/** The mean numbers of events between canaries, and between events that are not JSON. */
const CANARY_EVERY = 1000;
const GARBAGE_EVERY = 500;
/** The shares of the kinds of faults. */
const SHARES = { cut: 0.5, stall: 0.1, error: 0.2, gap: 0.1, status: 0.1 } as const;
/** The purposes of random choices. */
const Salt = { gap: 0x6368_0001, status: 0x6368_0002 } as const;
const LONG_RESUME = 10_000;

/**
 * Simulates Wikimedia EventStreams on its worst day: every fault that it has at once. After a
 * third of the log the other data center takes over, and after two thirds upstream numbers its
 * events again: one topic forwards, and the active one a little backwards, into numbers that
 * were just used for other events.
 *
 * Events appear as `release()` says, so that the log lasts as long as there is something to break.
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
    // A burst is of one topic, or its half would be too few.
    const switchAt = bursts.find(({ from, to }) => from < third && third < to)?.to ?? third;
    const timeOf = (index: number) => start + index * 1000 / RATE;
    const warp = new Warp(bursts.map(({ from, to }): Burst => ({
      from: timeOf(from),
      to: timeOf(to),
    })));
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
      const repeated = repeats === 0 ? log : withRepeats(log, { seed, every: events / repeats });
      return withGarbage(warped(repeated, warp), { seed, every: GARBAGE_EVERY });
    };
    this.log = logOf({ eqiad: 4_100_000_000, codfw: 800_000_000 });
    const renumbered = logOf({ eqiad: 4_200_000_000, codfw: 799_999_000 });
    const every = (share: number) => faults === 0 ? 0 : Math.ceil(events / (faults * share));
    const refuses = () => this.#random.chance(SHARES.status);
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
        // Asked for after each connection that was served.
        get statuses() {
          return faults > 0 && refuses() ? [500, 429] : [];
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
   * For `--since`: before the first event, and in the past also by a clock that is a day behind.
   */
  get since(): number {
    return this.log.origin - 2 * 86_400_000;
  }

  /** How much of the log is there by now, from 0 to 1. */
  get released(): number {
    return this.#released;
  }

  /** Lets events appear up to this part of the log; never takes any back. */
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
