import type { Cluster } from "../../../lib/kafka/client/cluster.ts";
import { TopicConsumer } from "../../../lib/kafka/consume/consumer.ts";
import { UserError } from "../../../lib/shared/error.ts";
import { DatabaseRetry } from "../../../lib/store/consumer/database_retry.ts";
import { Member } from "../../../lib/store/consumer/member.ts";
import { StoreProgress } from "../../../lib/store/consumer/progress.ts";
import type { Failure } from "../check/checker.ts";
import type { Fault } from "../plan.ts";
import { Machine } from "../world/machine.ts";
import { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";
import { GroupConsumer, type Surroundings } from "./consumer.ts";
import { type Database, DatabaseLink } from "./database.ts";
import type { Wire } from "./wire.ts";

interface Running {
  readonly machine: Machine;
  readonly stop: AbortController;
}

/** The environment of members, and the receiver of failures. */
export interface MembersParts {
  readonly kafka: Surroundings;
  readonly database: Database;
  readonly databaseWire: Wire;
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
      machine.frozenUntil = world.scheduler.now + this.#random.magnitude(100, 90_000);
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
    const running = { machine, stop: new AbortController() };
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
      this.#run(running).catch((reason) => this.#judge(error = reason))
        .finally(() => machine.die());
    }, machine);
  }

  #judge(error: unknown): void {
    if (!(error instanceof UserError)) {
      this.#world.trace(() => String((error as Error).stack));
      return this.#parts.fail("defect", String(error));
    }
    // The next member reads it again.
    if (/the database has not stored/.test(error.message)) return;
    this.#parts.fail("ended", error.message);
  }

  /** As `storeTopics()` does, except for the names of topics. */
  async #run({ stop: { signal } }: Running): Promise<void> {
    const { kafka, database, databaseWire } = this.#parts;
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
    const member = new Member({
      topics: [name],
      group: "store",
      sink: new DatabaseLink(database, databaseWire, this.#random.int(1, 2)),
      batchSize: world.plan.batchSize,
      signal,
      progress,
    }, {
      topicNumbers: new Map([[name, 1]]),
      admin: { fetchTopicOffsets },
      database: new DatabaseRetry(progress),
      makeConsumer: (options) => new TopicConsumer(cluster, options),
    });
    await member.run();
  }
}
