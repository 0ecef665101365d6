import type { Cluster } from "../../../lib/kafka/client/cluster.ts";
import { UserError } from "../../../lib/shared/error.ts";
import { TakenOver } from "../../../lib/kafka/publish/publisher.ts";
import type { Checker } from "../check/checker.ts";
import type { Fault } from "../plan.ts";
import type { Service } from "../upstream/service.ts";
import { LONGEST_FREEZE, type Machine } from "../world/machine.ts";
import { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";
import { Producer } from "./producer.ts";

/** A batch that Kafka rejects grows up to the size of a batch, or up to this many records. */
const MIN_JUDGED = 20;

/** Starts producers, and restarts them as systemd does. Kills, stops and freezes them. */
export class Supervisor {
  readonly #world: World;
  readonly #service: Service;
  readonly #checker: Checker;
  readonly #random: Random;
  readonly #since: number | undefined;
  readonly #producers: Producer[] = [];
  #isRestarting = false;
  #isOver = false;

  constructor(
    world: World,
    service: Service,
    checker: Checker,
    readonly openCluster: () => Cluster,
  ) {
    this.#world = world;
    this.#service = service;
    this.#checker = checker;
    this.#random = Random.of(world.plan.seed, "supervisor");
    this.#since = this.#random.chance(0.7) ? world.begin - 1000 : undefined;
    const clockFaults = ["clock wrong", "clock step", "skewed date"] as const;
    checker.isVague = this.#since === undefined &&
      clockFaults.some((fault) => world.plan.rate(fault) > 0);
    this.start();
    this.#plan("kill", (producer) => this.#kill(producer));
    this.#plan("kill at a call", ({ machine }) => machine.callsLeft = this.#random.int(1, 60));
    this.#plan("stop", (producer) => producer.stop());
    this.#plan("freeze", ({ machine }) => {
      const until = world.scheduler.now + this.#random.magnitude(100, LONGEST_FREEZE);
      machine.frozenUntil = Math.max(machine.frozenUntil, until);
    });
    this.#plan("clock step", ({ machine }) => machine.clockOffset += this.#clockError());
    this.#plan("second producer", () => this.start());
  }

  get alive(): readonly Producer[] {
    return this.#producers.filter(({ isAlive }) => isAlive);
  }

  /** The time at which the last frozen producer continues, in ms. */
  get thawsAt(): number {
    return Math.max(0, ...this.alive.map(({ machine }) => machine.frozenUntil));
  }

  /** Ends the faults: from now on, one producer is enough. */
  calm(): void {
    for (const { machine } of this.alive) machine.callsLeft = Infinity;
    this.#restartLater(10);
  }

  /** Stops all cleanly; `alive` has those that do not end. */
  stopAll(): void {
    this.#isOver = true;
    for (const producer of this.alive) producer.stop();
  }

  start(): void {
    const name = `producer-${this.#producers.length + 1}`;
    this.#world.trace(() => `${name}: starts`);
    this.#producers.push(
      new Producer(this.#world, this.#service, name, {
        since: this.#since,
        cluster: this.openCluster(),
        onEnd: (producer) => this.#ended(producer),
        prepare: (machine) => this.#misset(machine),
      }),
    );
  }

  /** Some machines start with a wrong clock. */
  #misset(machine: Machine): void {
    const { plan } = this.#world;
    if (this.#world.isCalm || plan.rate("clock wrong") === 0) return;
    if (!this.#random.chance(0.5)) return;
    this.#world.count("clock wrong");
    machine.clockOffset = this.#clockError();
    machine.clockDrift = this.#random.between(-0.001, 0.001);
  }

  #clockError(): number {
    return this.#random.pick([-1, 1]) * this.#random.magnitude(100, 4 * 3_600_000);
  }

  #plan(fault: Fault, act: (producer: Producer) => void): void {
    for (const time of this.#world.plan.times(fault)) {
      this.#world.scheduler.outside(time, () => {
        const { alive } = this;
        if (alive.length === 0) return;
        const producer = this.#random.pick(alive);
        this.#world.count(fault);
        this.#world.trace(() => `${producer.machine.name}: ${fault}`);
        act(producer);
      });
    }
  }

  #kill({ machine }: Producer): void {
    machine.die();
    this.#restartLater(this.#random.magnitude(1, 30_000));
  }

  #ended(producer: Producer): void {
    const { error, machine: { name } } = producer;
    this.#world.trace(() => `${name}: ends${error === undefined ? "" : `: ${error}`}`);
    if (error !== undefined && !(error instanceof UserError)) {
      this.#world.trace(() => String((error as Error).stack));
      this.#checker.fail("defect", String(error));
    }
    const isOusted = error instanceof TakenOver ||
      (error instanceof UserError && /changed by another program/.test(error.message));
    const { plan } = this.#world;
    // Without transactions, the first position of a dead producer can arrive late.
    const isLate = plan.delivery === "at-least-once" && plan.rate("late request") > 0;
    const isExpected = plan.rate("second producer") > 0 || isLate ||
      (this.#checker.isRecreated && !(error instanceof TakenOver));
    if (isOusted && !isExpected) this.#checker.fail("ended", error.message);
    this.#restartLater(this.#random.between(1000, 5000));
  }

  /** Starts another producer after `ms`, unless one runs by then. */
  #restartLater(ms: number): void {
    if (this.#isRestarting || this.#isOver) return;
    this.#isRestarting = true;
    this.#world.scheduler.outside(ms, () => {
      this.#isRestarting = false;
      if (this.#isOver) return;
      if (this.alive.length === 0) this.start();
    });
  }

  /** Must be called regularly. Otherwise the death of a machine during a call is not noticed. */
  watch(): void {
    if (this.alive.length === 0) this.#restartLater(this.#random.magnitude(1, 30_000));
    const { batchSize } = this.#world.plan;
    // The batches: in flight, joined with it after a rejection, waiting, and growing.
    const most = Math.max(batchSize, MIN_JUDGED) + 3 * batchSize;
    for (const { counts: { queued }, machine } of this.alive) {
      if (queued <= most) continue;
      this.#checker.fail("too much in memory", `${machine.name} holds ${queued} records`);
    }
  }
}
