import { getLogger } from "@logtape/logtape";
import { withAdmin } from "../../../lib/kafka/admin/with_admin.ts";
import { type Cluster, openCluster } from "../../../lib/kafka/client/cluster.ts";
import { savedPosition } from "../../../lib/kafka/publish/position_store.ts";
import { readTopic } from "../../../lib/kafka/consume/reader.ts";
import { createTopics } from "../../../lib/kafka/admin/topics.ts";
import { startKafka } from "../../../lib/local/kafka/start.ts";
import { Random } from "../../../lib/replay/random.ts";
import type { LocalKafka } from "../../../lib/local/kafka/cluster.ts";
import { sleep } from "../../../lib/shared/sleep.ts";
import { Checker } from "./checker.ts";
import { type Expected, expectedOf } from "./expected.ts";
import { dropOutputs, Producer } from "./producer.ts";
import type { ChaosReport } from "./report.ts";
import { transactionState } from "./transaction_state.ts";
import { BadUpstream } from "./upstream.ts";

export interface ChaosOptions {
  /** Kafka's data, and the output of every producer. Those of earlier runs are dropped. */
  readonly directory: string;
  readonly nodes: 1 | 3;
  /** Events upstream; about 38 of 100 are edits. */
  readonly events: number;
  /** The least time in ms over which the events appear; longer where the kills take longer. */
  readonly duration: number;
  readonly producerKills: number;
  readonly brokerKills: number;
  /** Connections upstream that go wrong, about. */
  readonly streamFaults: number;
  readonly delivery: "exactly-once" | "at-least-once";
  /** What everything random follows from, as far as the machine's timing lets it. */
  readonly seed: number;
  /** The producer: `main.ts`, or a mutant of it that is to be found out. */
  readonly program: string;
  /** Without progress for so long, in ms (default 90,000), it is over, and what is missing is lost. */
  readonly patience?: number;
  /** Ends the run early, and without a report unless all events were handled by then. */
  readonly stop?: AbortSignal;
}

const log = getLogger(["wikitap", "chaos"]);

const TOPIC = "chaos";
const NAME = "chaos";
const PARTITIONS = 6;
/** How often the position is looked at, in ms. */
const LOOK_EVERY = 500;
const PATIENCE = 90_000;
/** How long a broker is down, in ms, at the most, before it is started again. */
const LONGEST_DOWN = 4000;

/**
 * Runs a producer against the stand-in for upstream on its worst day, and kills it and the brokers
 * with SIGKILL, at random moments, as long as there are edits that it has not published. Then reads
 * the topic, and compares it with what was served.
 *
 * @throws {Error} when the producer can't be kept running.
 * @throws The reason of `stop`, when that ended the run.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { directory, nodes, delivery, program, stop } = options;
  await Deno.mkdir(directory, { recursive: true });
  await using kafka = await startKafka({
    ...{ directory: `${directory}/kafka`, nodes, port: 0, clean: true },
    ...stop === undefined ? {} : { signal: stop },
  });
  // Not before: until here, another run may be at work in the folder.
  await dropOutputs(directory);
  const cluster = openCluster({ brokers: kafka.bootstrapServers.split(",") });
  const spec = { topic: TOPIC, partitions: PARTITIONS, replicationFactor: nodes };
  await withAdmin(
    cluster,
    { doing: "make the topic", topic: TOPIC },
    (admin) => createTopics(admin, [spec]),
  );
  const upstream = new BadUpstream({ ...options, faults: options.streamFaults });
  try {
    await using producer = new Producer({
      ...{ program, directory },
      flags: [
        ...["--bootstrap-server", kafka.bootstrapServers, "--topic", TOPIC, "--name", NAME],
        ...["--stream-url", upstream.url, "--since", String(upstream.since)],
        ...["--delivery", delivery, "--idle-timeout", "1s"],
      ],
    });
    return await new Run(options, { kafka, cluster, upstream, producer }).run();
  } finally {
    await upstream.stop();
  }
}

interface Parts {
  readonly kafka: LocalKafka;
  readonly cluster: Cluster;
  readonly upstream: BadUpstream;
  readonly producer: Producer;
}

class Run {
  readonly #options: ChaosOptions;
  readonly #parts: Parts;
  readonly #startedAt = performance.now();
  readonly #total: number;
  #producerKills = 0;
  #openTransactions = 0;
  /** Connections upstream before the producer was killed last. */
  #connectionsBefore = 0;
  #brokerKills = 0;
  #handled = 0;
  #isOver = false;

  constructor(options: ChaosOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    this.#total = parts.upstream.log.topics.reduce((sum, { first, end }) => sum + end - first, 0);
  }

  async run(): Promise<ChaosReport> {
    const { producer } = this.#parts;
    const others = Promise.all([this.#release(), this.#killProducer(), this.#killBrokers()]);
    others.catch(() => {});
    try {
      await Promise.race([this.#untilHandled(), producer.over]);
    } finally {
      this.#isOver = true;
      await others;
    }
    // What a run that is stopped has not published is not lost.
    if (this.#handled < this.#total) this.#options.stop?.throwIfAborted();
    await producer.stop();
    return await this.#report();
  }

  /** Lets events appear at an even pace, as far as the kills allow. */
  async #release(): Promise<void> {
    const { upstream } = this.#parts;
    const { duration } = this.#options;
    for (let last = performance.now(); !this.#isOver; await sleep(20)) {
      const now = performance.now();
      const more = (now - last) / Math.max(1, duration);
      upstream.release(Math.min(upstream.released + more, this.#allowed));
      last = now;
    }
  }

  /** Until all events are handled, or nothing goes on any more. */
  async #untilHandled(): Promise<void> {
    const { cluster } = this.#parts;
    const { stop, patience = PATIENCE } = this.#options;
    const place = { group: NAME, topic: TOPIC };
    let progressAt = performance.now();
    let toldAt = progressAt;
    while (this.#handled < this.#total && !stop?.aborted) {
      await sleep(LOOK_EVERY);
      const saved = await savedPosition(cluster, place).catch(() => undefined);
      const now = performance.now();
      if ((saved?.handled ?? 0) > this.#handled) progressAt = now;
      this.#handled = saved?.handled ?? this.#handled;
      if (now - progressAt > patience) {
        return log.error("No progress any more: judging what is there");
      }
      if (now - toldAt < 5000) continue;
      toldAt = now;
      log.info(
        "{handled} of {total} events; kills so far: {producers} of the producer, {brokers} of brokers",
        {
          ...{ handled: this.#handled, total: this.#total },
          ...{ producers: this.#producerKills, brokers: this.#brokerKills },
        },
      );
    }
  }

  /** How much of the log may be there: a stretch of work beyond that of the next kill. */
  get #allowed(): number {
    const { producerKills, brokerKills } = this.#options;
    return Math.min(
      (this.#producerKills + 2) / (producerKills + 1),
      (this.#brokerKills + 2) / (brokerKills + 1),
    );
  }

  /** At a random moment of each stretch of the work. */
  async #killProducer(): Promise<void> {
    const { producerKills, seed } = this.#options;
    const { producer } = this.#parts;
    const random = new Random(seed, 0x6368_0003);
    for (let kill = 0; kill < producerKills; kill++) {
      await this.#worked((kill + random.next()) / (producerKills + 1));
      // Some of them while it starts, most when it is at work again, and these mostly within a
      // transaction, where most can go wrong.
      const isAtWork = random.chance(0.9);
      if (isAtWork) await this.#atWork();
      await sleep(random.integer(0, 500));
      if (isAtWork && random.chance(0.8)) await this.#inTransaction();
      if (this.#isOver) return;
      if (!await producer.kill()) {
        kill--;
        continue;
      }
      this.#producerKills++;
      this.#connectionsBefore = this.#parts.upstream.connections;
      if (await this.#isTransactionOpen()) this.#openTransactions++;
    }
  }

  /** Until a transaction is open, for a second at the most. */
  async #inTransaction(): Promise<void> {
    const deadline = performance.now() + 1000;
    while (!await this.#isTransactionOpen() && performance.now() < deadline) await sleep(1);
  }

  async #isTransactionOpen(): Promise<boolean> {
    if (this.#options.delivery === "at-least-once") return false;
    const ports = this.#parts.kafka.nodes.map(({ port }) => port);
    return await transactionState(ports, NAME) === "Ongoing";
  }

  /** One after the other, so that two of three are there; each comes back after a while. */
  async #killBrokers(): Promise<void> {
    const { brokerKills, seed, nodes, stop } = this.#options;
    const { kafka } = this.#parts;
    const random = new Random(seed, 0x6368_0004);
    for (let kill = 0; kill < brokerKills; kill++) {
      await this.#worked((kill + random.next()) / (brokerKills + 1));
      if (this.#isOver) return;
      const id = random.integer(1, nodes);
      await kafka.kill(id);
      await sleep(random.integer(0, LONGEST_DOWN));
      if (stop?.aborted) return;
      await kafka.start(id);
      this.#brokerKills++;
    }
  }

  /** Until this part of the work is done. */
  async #worked(part: number): Promise<void> {
    while (this.#handled < part * this.#total && !this.#isOver) await sleep(20);
  }

  /** Until the producer has read something new: after a kill, that is of a new process. */
  async #atWork(): Promise<void> {
    const { upstream } = this.#parts;
    const isConnected = () => upstream.connections > this.#connectionsBefore;
    while (!isConnected() && !this.#isOver) await sleep(5);
    const { sent } = upstream;
    while (upstream.sent === sent && !this.#isOver) await sleep(5);
  }

  async #report(): Promise<ChaosReport> {
    const { upstream, producer } = this.#parts;
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const { edits, garbage } = expectedOf(upstream.log);
    const { checker, committed } = await this.#check(edits);
    const all = await this.#readAll(true);
    return {
      ...{ seconds, events: this.#total, handled: this.#handled, garbage },
      ...{ producerKills: this.#producerKills, openTransactions: this.#openTransactions },
      ...{ brokerKills: this.#brokerKills, gaveUp: producer.counts.gaveUp },
      ...{ connections: upstream.connections, sentAgain: Math.max(0, upstream.sent - this.#total) },
      ...{ faults: upstream.faults, aborted: all - committed, verdict: checker.verdict },
    };
  }

  /**
   * Compares what is in the topic. A commit is answered a moment before all partitions show it: so
   * where something is missing that was handled, there is another look, 10 s long at the most.
   */
  async #check(edits: Expected["edits"]): Promise<{ checker: Checker; committed: number }> {
    const deadline = performance.now() + 10_000;
    while (true) {
      const checker = new Checker({ edits });
      const committed = await this.#readAll(
        false,
        (partition, record) => checker.take(partition, record),
      );
      const isComplete = checker.verdict.lost === 0 || this.#handled < this.#total;
      if (isComplete || performance.now() > deadline) return { checker, committed };
    }
  }

  /** @returns How many records there are. */
  async #readAll(
    uncommitted: boolean,
    take: (partition: number, record: Parameters<Checker["take"]>[1]) => void = () => {},
  ): Promise<number> {
    let count = 0;
    await readTopic(this.#parts.cluster, {
      ...{ topic: TOPIC, from: "beginning", toEnd: true, uncommitted },
      handle: ({ partition, records }) => {
        count += records.length;
        for (const record of records) take(partition, record);
      },
    });
    return count;
  }
}
