import { Random } from "./world/random.ts";

/** The unit of a fault's rate. */
type Per = "event" | "connection" | "request" | "history";

/** All faults, with the highest rate of each in a history. */
export const FAULTS = {
  // The upstream log.
  "burst": ["event", 0.05],
  "canary": ["event", 0.1],
  "bad frame": ["event", 0.1],
  "empty frame": ["event", 0.2],
  "repeated id": ["event", 0.05],
  "gap": ["event", 0.05],
  "years back": ["event", 0.05],
  "minutes back": ["event", 0.2],
  "far ahead": ["event", 0.05],
  "whole seconds": ["event", 1],
  "data center": ["history", 3],
  "renumber up": ["history", 2],
  "renumber down": ["history", 2],
  "retention": ["history", 1],
  "topic gone": ["history", 2],
  "topic late": ["history", 1],
  // The upstream service.
  "cut": ["connection", 0.9],
  "short end": ["connection", 0.9],
  "stall": ["connection", 0.3],
  "trickle": ["connection", 0.3],
  "error event": ["connection", 0.5],
  "unreachable": ["connection", 0.5],
  "no answer": ["connection", 0.2],
  "status 5xx": ["connection", 0.5],
  "status 429": ["connection", 0.3],
  "status 4xx": ["connection", 0.3],
  "wrong type": ["connection", 0.3],
  "redirect": ["connection", 0.3],
  "no date": ["connection", 1],
  "skewed date": ["connection", 0.5],
  "signal forgotten": ["connection", 1],
  "left out": ["event", 0.02],
  // Kafka.
  "slow request": ["request", 0.05],
  "slow answer": ["request", 0.05],
  "lost request": ["request", 0.05],
  "lost answer": ["request", 0.05],
  "late request": ["request", 0.05],
  "error before": ["request", 0.1],
  "error after": ["request", 0.05],
  "throttle": ["request", 0.1],
  "slow markers": ["request", 0.5],
  "broker down": ["history", 3],
  "coordinator moves": ["history", 4],
  "partitions added": ["history", 2],
  "topic recreated": ["history", 1],
  "refused record": ["event", 0.05],
  // Processes.
  "kill": ["history", 5],
  "kill at a call": ["history", 5],
  "stop": ["history", 4],
  "freeze": ["history", 3],
  "clock step": ["history", 3],
  "clock wrong": ["history", 2],
  "second producer": ["history", 2],
} as const satisfies Record<string, readonly [Per, number]>;

export type Fault = keyof typeof FAULTS;
export const FAULT_NAMES = Object.keys(FAULTS) as readonly Fault[];

/** The cuts of a plan, to find the smallest failing history. */
export interface Cuts {
  /** Faults that are left out. */
  readonly without: readonly Fault[];
  /** Faults that every history has, even if its seed does not draw them. */
  readonly always?: readonly Fault[];
  /** The maximum number of events. */
  readonly events: number;
  /** The client of Kafka. Default: the seed determines it. */
  readonly client?: Client;
  /** Which program runs. Default: the producer. */
  readonly program?: "producer" | "store";
}

/**
 * How producers reach the simulated brokers: with kafkajs, below which the simulation then begins,
 * or without its code, which is several times as fast.
 */
export type Client = "kafkajs" | "direct";
export const CLIENTS = ["kafkajs", "direct"] as const;

/** The share of the histories that use kafkajs. */
const WITH_KAFKAJS = 0.05;

export const UNCUT: Cuts = { without: [], events: Infinity };

/** The plan of a history, which depends on its seed only. */
export class Plan {
  /** The number of upstream events. */
  readonly events: number;
  /** The mean number of events at about the same time. */
  readonly groupSize: number;
  /** The time over which events and faults happen, in ms. */
  readonly duration: number;
  readonly pages: number;
  /** The number of streams that are read at once, each with a topic in both data centers. */
  readonly streams: number;
  readonly brokers: number;
  readonly partitions: number;
  readonly batchSize: number;
  readonly delivery: "exactly-once" | "at-least-once";
  /**
   * Whether brokers check that a partition is in the transaction before they accept a batch (Kafka
   * 3.6+). Others accept a late batch of any producer in a topic that was created again, which no
   * producer can prevent.
   */
  readonly verifies: boolean;
  readonly idleTimeout: number;
  /** The time after which the service ends each connection, in ms. */
  readonly connectionLimit: number;
  readonly client: Client;
  readonly #rates = new Map<Fault, number>();

  constructor(readonly seed: number, readonly cuts: Cuts = UNCUT) {
    const random = Random.of(seed, "plan");
    this.duration = random.magnitude(10_000, 180_000);
    const events = Math.round(random.magnitude(20, random.chance(0.05) ? 4000 : 800));
    this.events = Math.min(events, cuts.events);
    this.groupSize = Math.ceil(events / random.magnitude(2, 25));
    this.pages = random.int(1, 20);
    this.streams = random.chance(0.7) ? 1 : random.int(2, 3);
    this.brokers = random.pick([1, 3]);
    this.partitions = random.int(1, 4);
    // Small batches make many transactions, which take most of the time of a history.
    this.batchSize = Math.ceil(Math.max(random.magnitude(1, 500), events / 40));
    this.delivery = random.chance(0.93) ? "exactly-once" : "at-least-once";
    const verifies = random.chance(0.8);
    this.idleTimeout = random.pick([5000, 15_000, 60_000]);
    this.connectionLimit = random.magnitude(3000, 900_000);
    const isDirect = !Random.of(seed, "client").chance(WITH_KAFKAJS);
    this.client = cuts.client ?? (isDirect ? "direct" : "kafkajs");
    const share = random.pick([0.05, 0.15, 0.3, 0.6]);
    for (const [fault, [per, most]] of Object.entries(FAULTS)) {
      const own = Random.of(seed, "fault", fault);
      const isOn = own.chance(share) || cuts.always?.includes(fault as Fault);
      const rate = per === "history" ? own.int(1, most) : own.magnitude(most / 50, most);
      if (isOn && !cuts.without.includes(fault as Fault)) this.#rates.set(fault as Fault, rate);
    }
    this.verifies = verifies || this.rate("topic recreated") > 0;
  }

  /** The faults of this history. */
  get faults(): readonly Fault[] {
    return [...this.#rates.keys()];
  }

  /** Returns the rate of a fault per unit; 0 if it does not exist. */
  rate(fault: Fault): number {
    return this.#rates.get(fault) ?? 0;
  }

  /** Returns the times of a fault that is counted per history, in ms after the beginning. */
  times(fault: Fault): number[] {
    const random = Random.of(this.seed, "times", fault);
    return Array.from({ length: this.rate(fault) }, () => random.between(0, this.duration));
  }
}
