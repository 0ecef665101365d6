import type { LocalKafka } from "../../../lib/local/kafka/cluster.ts";
import { Random } from "../../../lib/replay/random.ts";
import { sleep } from "../../../lib/shared/sleep.ts";
import { FREEZE, planOf } from "./plan.ts";
import type { ChaosOptions } from "./options.ts";
import type { Producer } from "./producer.ts";
import { transactionState } from "./transaction_state.ts";
import type { BadUpstream } from "./upstream.ts";
import type { Work } from "./work.ts";

/** The number of unhandled events at which a burst counts as over. */
const NEAR_END = 200;

/** The maximum number of attempts to freeze a producer within a transaction. */
const MAX_TRIES = 20;

interface Parts {
  readonly work: Work;
  readonly kafka: LocalKafka;
  readonly upstream: BadUpstream;
  readonly producer: Producer;
  /** The producer's transactional id. */
  readonly name: string;
}

/** Kills, freezes and restarts a producer, and forgets its connections upstream. */
export class ProducerFaults {
  readonly counts = {
    kills: 0,
    /** Kills within an open transaction. */
    killsInTransaction: 0,
    freezes: 0,
    freezesInTransaction: 0,
    /** Restarts in order at the end of a burst. */
    restarts: 0,
  };
  readonly #options: ChaosOptions;
  readonly #parts: Parts;
  readonly #plan: readonly ("kill" | "freeze")[];
  /** The number of upstream connections before the last kill or restart. */
  #connectionsBefore = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ChaosOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    const { seed, producerKills: kill, producerFreezes: freeze = 0 } = options;
    this.#plan = planOf({ kill, freeze }, new Random(seed, 0x6368_0006));
  }

  /** The part of the log that may be served: a stretch beyond the next fault. */
  get allowed(): number {
    const { kills, freezes } = this.counts;
    return (kills + freezes + 2) / (this.#plan.length + 1);
  }

  /** The part of the log at which the next burst ends. No more may be served before the restart. */
  get burstEnd(): number {
    return this.#parts.upstream.burstEnds[this.counts.restarts] ?? Infinity;
  }

  async run(): Promise<void> {
    await Promise.all([this.#killAndFreeze(), this.#restart(), this.#forgetConnections()]);
  }

  /** At a random moment of each stretch of the work. */
  async #killAndFreeze(): Promise<void> {
    const { work } = this.#parts;
    const random = new Random(this.#options.seed, 0x6368_0003);
    for (const [index, kind] of this.#plan.entries()) {
      await work.reached((index + random.next()) / (this.#plan.length + 1));
      // Some during the start, most while it works again, and of these most within a transaction.
      const isAtWork = kind === "freeze" || random.chance(0.9);
      const isInTransaction = kind === "freeze" || random.chance(0.8);
      let isDone = false;
      for (let triesLeft = MAX_TRIES; !isDone && !work.isOver; triesLeft--) {
        if (isAtWork) await this.#atWork();
        await sleep(random.integer(0, 500), work.over);
        if (isAtWork && isInTransaction) await this.#inTransaction();
        if (!work.isOver) isDone = await this.#inTurn(() => this.#disturb(kind, random, triesLeft));
      }
    }
  }

  /** @returns `false` if no producer runs, or if one to be frozen has no transaction. */
  async #disturb(
    kind: "kill" | "freeze",
    random: Random,
    triesLeft: number,
  ): Promise<boolean> {
    const { counts } = this;
    const { producer, work } = this.#parts;
    if (kind === "kill") {
      if (!await producer.kill()) return false;
      counts.kills++;
      this.#noteEnd();
      if (await this.#isTransactionOpen()) counts.killsInTransaction++;
      return true;
    }
    const ms = random.integer(FREEZE.min, FREEZE.max);
    let isInTransaction = false;
    const isWanted = async () => {
      isInTransaction = await this.#isTransactionOpen();
      return isInTransaction || triesLeft <= 0 || this.#options.delivery === "at-least-once";
    };
    if (!await producer.freeze(ms, { signal: work.over, isWanted })) return false;
    counts.freezes++;
    if (isInTransaction) counts.freezesInTransaction++;
    return true;
  }

  /** At the end of each burst, a new process reads all of it again. */
  async #restart(): Promise<void> {
    const { upstream, producer, work } = this.#parts;
    for (const end of upstream.burstEnds) {
      await work.reached(end - NEAR_END / work.total);
      while (!work.isOver && !await this.#inTurn(() => producer.restart())) await sleep(20);
      if (work.isOver) return;
      this.#noteEnd();
      this.counts.restarts++;
    }
  }

  async #forgetConnections(): Promise<void> {
    const { upstream, work } = this.#parts;
    const { deadConnections = 0, seed } = this.#options;
    const random = new Random(seed, 0x6368_0007);
    for (let index = 0; index < deadConnections; index++) {
      await work.reached((index + random.next()) / (deadConnections + 1));
      if (!work.isOver) upstream.forgetConnections();
    }
  }

  /** A frozen process cannot stop cleanly. */
  #inTurn<T>(disturb: () => Promise<T>): Promise<T> {
    const done = this.#last.then(disturb);
    this.#last = done.catch(() => {});
    return done;
  }

  #noteEnd(): void {
    this.#connectionsBefore = this.#parts.upstream.sent.connections;
  }

  /** Waits until the producer, or a new process after its end, has read something new. */
  async #atWork(): Promise<void> {
    const { upstream, work } = this.#parts;
    const isConnected = () => upstream.sent.connections > this.#connectionsBefore;
    while (!isConnected() && !work.isOver) await sleep(5);
    const { events } = upstream.sent;
    while (upstream.sent.events === events && !work.isOver) await sleep(5);
  }

  /** Waits until a transaction is open, for at most a second. */
  async #inTransaction(): Promise<void> {
    const deadline = performance.now() + 1000;
    while (!await this.#isTransactionOpen() && performance.now() < deadline) await sleep(1);
  }

  async #isTransactionOpen(): Promise<boolean> {
    if (this.#options.delivery === "at-least-once") return false;
    const ports = this.#parts.kafka.nodes.map(({ port }) => port);
    return await transactionState(ports, this.#parts.name) === "Ongoing";
  }
}
