import { type EventServer, serveEvents } from "../../../lib/replay/server.ts";
import { withGarbage } from "../../../lib/replay/service/faults.ts";
import type { EventLog } from "../../../lib/replay/log.ts";
import { fraction, Random } from "../../../lib/replay/random.ts";
import { syntheticLog } from "../../../lib/replay/synthetic/log.ts";

export interface UpstreamOptions {
  /** Everything follows from it. */
  readonly seed: number;
  /** Events in all, without the idle topic's canaries. */
  readonly events: number;
  /** Connections that go wrong, about. */
  readonly faults: number;
}

/** What went wrong so far. */
export interface UpstreamFaults {
  /** Torn in the middle of a frame. */
  readonly cuts: number;
  /** Open and silent. */
  readonly stalls: number;
  /** Ended by `event: error`. */
  readonly errors: number;
  /** Attempts to connect that got 429 or 500. */
  readonly statuses: number;
  /** Events left out once, as if they were lost; another connection brings them. */
  readonly gaps: number;
}

/** Events per second that the timestamps suggest: a busy day's. */
const RATE = 100;
/** Every connection ends after this time, in ms; upstream's do after 15 minutes. */
const CONNECTION_LIMIT = 20_000;
/** An event in so many is a canary, and one is no JSON. */
const CANARY_EVERY = 1000;
const GARBAGE_EVERY = 500;
/** What share of the faults is of which kind. */
const SHARES = { cut: 0.5, stall: 0.1, error: 0.2, gap: 0.1, status: 0.1 } as const;
/** What random choices are drawn for. */
const Salt = { gap: 0x6368_0001, status: 0x6368_0002 } as const;

/**
 * A stand-in for Wikimedia EventStreams on its worst day: every fault that it has at once. After a
 * third of the log the other data centre takes over, and after two thirds upstream numbers its
 * events anew: one topic forwards, and the active one a little backwards, into numbers that
 * were just used for other events.
 *
 * Events appear as `release()` says, so that the log lasts as long as there is something to break.
 */
export class BadUpstream {
  /** What is served, with the numbers of the first two thirds. */
  readonly log: EventLog;
  readonly #server: EventServer;
  readonly #random: Random;
  readonly #span: number;
  readonly #lost = new Set<string>();
  #released = 0;

  constructor({ seed, events, faults }: UpstreamOptions) {
    this.#span = events * 1000 / RATE;
    this.#random = new Random(seed, Salt.status);
    const start = Date.now() - this.#span - 3_600_000;
    const logOf = (offsets: { eqiad: number; codfw: number }) =>
      withGarbage(
        syntheticLog({
          ...{ seed, start, rate: RATE, count: events, canaryEvery: CANARY_EVERY, offsets },
          switchAt: Math.floor(events / 3),
        }),
        { seed, every: GARBAGE_EVERY },
      );
    this.log = logOf({ eqiad: 4_100_000_000, codfw: 800_000_000 });
    const renumbered = logOf({ eqiad: 4_200_000_000, codfw: 799_999_000 });
    const current = () => this.#released < 2 / 3 ? this.log : renumbered;
    const every = (share: number) => faults === 0 ? 0 : Math.ceil(events / (faults * share));
    const gapEvery = every(SHARES.gap);
    const refuses = () => this.#random.chance(SHARES.status);
    this.#server = serveEvents({
      log: current,
      seed,
      pace: "wall-clock",
      now: () => this.log.origin + this.#span * this.#released,
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
      isLost: ({ topic, offset }) => {
        const index = current().topics.find((log) => log.topic === topic)!.firstFrom(offset);
        const name = `${topic} ${index}`;
        if (gapEvery === 0 || fraction(seed, Salt.gap, index) >= 1 / gapEvery) return false;
        if (this.#lost.has(name)) return false;
        this.#lost.add(name);
        return true;
      },
    });
  }

  /** For `--stream-url`. */
  get url(): string {
    return this.#server.url;
  }

  /** For `--since`: before the first event. */
  get since(): number {
    return this.log.origin - 1000;
  }

  /** How much of the log is there by now, from 0 to 1. */
  get released(): number {
    return this.#released;
  }

  /** Lets events appear up to this part of the log; never takes any back. */
  release(part: number): void {
    this.#released = Math.max(this.#released, Math.min(part, 1 + 1000 / this.#span));
  }

  /** Events sent, each as often as it was sent. */
  get sent(): number {
    return this.#server.stats.events;
  }

  get connections(): number {
    return this.#server.stats.connections;
  }

  get faults(): UpstreamFaults {
    const { cuts, stalls, errors, refused } = this.#server.stats;
    const statuses = (refused[429] ?? 0) + (refused[500] ?? 0);
    return { cuts, stalls, errors, statuses, gaps: this.#lost.size };
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }
}
