import type { Cluster } from "../../../lib/kafka/client/cluster.ts";
import { TopicConsumer } from "../../../lib/kafka/consume/consumer.ts";
import { UserError } from "../../../lib/shared/error.ts";
import { abortable, unlessStopped } from "../../../lib/shared/sleep.ts";
import { DatabaseRetry } from "../../../lib/store/consumer/database_retry.ts";
import { Member } from "../../../lib/store/consumer/member.ts";
import { StoreProgress } from "../../../lib/store/consumer/progress.ts";
import type { Failure } from "../check/checker.ts";
import type { Fault } from "../plan.ts";
import { LONGEST_FREEZE, Machine } from "../world/machine.ts";
import { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";
import { GroupConsumer, type Surroundings } from "./consumer.ts";
import type { Store } from "./database.ts";

interface Running {
  readonly machine: Machine;
  readonly stop: AbortController;
  /** Whether it started after the last fault. */
  readonly isCalm: boolean;
  /** Whether its database was opened: a start does not wait for one that is away. */
  isOpen: boolean;
}

/** The highest limit of records of a member. */
const MOST_RECORDS = 100;

/** The environment of members, and the receiver of failures. */
export interface MembersParts {
  readonly kafka: Surroundings;
  readonly database: Store;
  readonly fail: (kind: Failure["kind"], detail: string) => void;
}

/** Starts members of the group, and restarts them. Kills, stops and freezes them. */
export class Members {
  readonly #world: World;
  readonly #parts: MembersParts;
  readonly #random: Random;
  readonly #wanted: number;
  readonly #running = new Set<Running>();
  #started = 0;
  #isOver = false;

  constructor(world: World, parts: MembersParts) {
    this.#world = world;
    this.#parts = parts;
    this.#random = Random.of(world.plan.seed, "members");
    this.#wanted = this.#random.int(1, 3);
    for (let i = 0; i < this.#wanted; i++) {
      world.scheduler.outside(this.#random.magnitude(1, 10_000), () => this.#start());
    }
    this.#plan("kill", ({ machine }) => machine.die());
    this.#plan("kill at a call", ({ machine }) => machine.callsLeft = this.#random.int(1, 60));
    this.#plan(
      "stop",
      ({ machine, stop }) => world.scheduler.after(0, () => stop.abort(), machine),
    );
    this.#plan("freeze", ({ machine }) => {
      const until = world.scheduler.now + this.#random.magnitude(100, LONGEST_FREEZE);
      machine.frozenUntil = Math.max(machine.frozenUntil, until);
    });
    this.#plan("clock step", ({ machine }) => machine.clockOffset += 3_600_000);
    this.#plan("second producer", () => this.#start());
  }

  get alive(): number {
    return this.#running.size;
  }

  /** The time at which the last frozen member continues, in ms. */
  get thawsAt(): number {
    return Math.max(0, ...this.#running.values().map(({ machine }) => machine.frozenUntil));
  }

  /** Ends the faults. */
  calm(): void {
    for (const { machine } of this.#running) machine.callsLeft = Infinity;
  }

  stopAll(): void {
    this.#isOver = true;
    for (const { machine, stop } of this.#running) {
      this.#world.scheduler.after(0, () => stop.abort(), machine);
    }
  }

  #plan(fault: Fault, act: (member: Running) => void): void {
    for (const time of this.#world.plan.times(fault)) {
      this.#world.scheduler.outside(time, () => {
        if (this.#running.size === 0) return;
        const member = this.#random.pick([...this.#running]);
        this.#world.count(fault);
        this.#world.trace(() => `${member.machine.name}: ${fault}`);
        act(member);
      });
    }
  }

  #start(): void {
    if (this.#isOver) return;
    const { scheduler, plan } = this.#world;
    const machine = new Machine(`store-${++this.#started}`, scheduler.now, plan.seed);
    const isCalm = this.#world.isCalm;
    const running = { machine, stop: new AbortController(), isCalm, isOpen: false };
    this.#running.add(running);
    this.#world.trace(() => `${machine.name}: starts`);
    let error: unknown;
    machine.onDeath(() => {
      this.#running.delete(running);
      this.#world.trace(() => `${machine.name}: ends${error === undefined ? "" : `: ${error}`}`);
      if (this.#running.size >= this.#wanted) return;
      scheduler.outside(this.#random.magnitude(1, 30_000), () => this.#start());
    });
    scheduler.after(0, () => {
      this.#run(running).catch((reason) => this.#judge(error = reason, running))
        .finally(() => machine.die());
    }, machine);
  }

  #judge(error: unknown, { isCalm, isOpen }: Running): void {
    if (!(error instanceof UserError)) {
      this.#world.trace(() => String((error as Error).stack));
      return this.#parts.fail("defect", String(error));
    }
    // A start does not retry, and may still wait for an answer that a fault took.
    if (!isOpen && !isCalm) return;
    // The next member reads it again.
    if (/the database has not stored/.test(error.message)) return;
    this.#parts.fail("ended", error.message);
  }

  /** As `storeTopics()` does, except for the names of topics. */
  async #run(running: Running): Promise<void> {
    const { stop: { signal } } = running;
    const { kafka, database } = this.#parts;
    const { topic, wire, name, world } = kafka;
    const progress = new StoreProgress();
    const consumer = (session: ConstructorParameters<typeof GroupConsumer>[1]) =>
      new GroupConsumer(kafka, session);
    const cluster = { patient: { consumer }, quick: {} } as unknown as Cluster;
    const fetchTopicOffsets = () =>
      wire.ask("kafka: offsets", () =>
        topic.partitions.map((log, partition) => {
          const high = String(log.end(world.scheduler.now));
          return { partition, offset: high, high, low: String(log.low) };
        }));
    const opening = database.open(this.#random.int(1, 2));
    const sink = await unlessStopped(signal, abortable(opening, signal));
    if (sink === undefined) return;
    running.isOpen = true;
    const retry = new DatabaseRetry(progress);
    const topicName = { clusterId: "simulated", topic: name, kafkaId: null };
    const adding = retry.run(() => sink.addTopic(topicName), signal);
    const topicId = await unlessStopped(signal, adding);
    if (topicId === undefined) return;
    const maxRecords = this.#drawLimit();
    let stored = 0;
    const member = new Member({
      topics: [name],
      group: "store",
      sink,
      maxRecords,
      onStored: ({ records }) => stored += records,
      batchSize: world.plan.batchSize,
      signal,
      progress,
    }, {
      topicNumbers: new Map([[name, topicId]]),
      admin: { fetchTopicOffsets },
      database: retry,
      makeConsumer: (options) => new TopicConsumer(cluster, options),
    });
    await member.run();
    if (signal.aborted || stored === maxRecords) return;
    this.#parts.fail("ended", `after ${stored} records, not ${maxRecords}`);
  }

  /** Some members stop after a number of records, until everything works. */
  #drawLimit(): number | undefined {
    const isLimited = this.#random.chance(0.2) && !this.#world.isCalm;
    return isLimited ? Math.ceil(this.#random.magnitude(1, MOST_RECORDS)) : undefined;
  }
}
