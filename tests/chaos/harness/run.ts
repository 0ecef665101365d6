import { withAdmin } from "../../../lib/kafka/admin/with_admin.ts";
import { type Cluster, openCluster } from "../../../lib/kafka/client/cluster.ts";
import { createTopics } from "../../../lib/kafka/admin/topics.ts";
import { startKafka } from "../../../lib/local/kafka/start.ts";
import type { LocalKafka } from "../../../lib/local/kafka/cluster.ts";
import { sleep } from "../../../lib/shared/sleep.ts";
import { createAuthority } from "../../support/tools/certificates.ts";
import { BrokerFaults } from "./broker_faults.ts";
import { ClockSteps } from "./clock_steps.ts";
import { compare, uncommitted } from "./comparison.ts";
import { type Expected, expectedOf } from "./expected.ts";
import type { ChaosOptions } from "./options.ts";
import { ABORT_CHECK_MS } from "./plan.ts";
import { dropOutputs, Producer } from "./producer.ts";
import { ProducerFaults } from "./producer_faults.ts";
import type { ChaosReport } from "./report.ts";
import { BadUpstream } from "./upstream.ts";
import { Work } from "./work.ts";

const TOPIC = "chaos";
const NAME = "chaos";
const PARTITIONS = 6;
/** The share of the pace while a fault is pending: during silence, the producer would back off. */
const TRICKLE = 0.02;

/**
 * Runs a producer on a simulated stream with faults, and injects faults into it and its brokers at
 * random moments, until it has published all edits. Then compares the topic with the served events.
 *
 * @throws {Error} if the producer cannot be kept running.
 * @throws The reason of `stop`, if that ended the run.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { directory, nodes, delivery, program, stop } = options;
  const { protocol = "http2", clockSteps = 0 } = options;
  await Deno.mkdir(directory, { recursive: true });
  await using kafka = await startKafka({
    directory: `${directory}/kafka`,
    nodes,
    port: 0,
    clean: true,
    extraConfig: () => ({
      "transaction.abort.timed.out.transaction.cleanup.interval.ms": ABORT_CHECK_MS,
    }),
    ...stop === undefined ? {} : { signal: stop },
  });
  // Not earlier: until here, another run may use the folder.
  await dropOutputs(directory);
  const cluster = openCluster({ brokers: kafka.bootstrapServers.split(",") });
  const spec = { topic: TOPIC, partitions: PARTITIONS, replicationFactor: nodes };
  await withAdmin(
    cluster,
    { action: "make the topic", topic: TOPIC },
    (admin) => createTopics(admin, [spec]),
  );
  const authority = createAuthority("chaos");
  const caFile = `${directory}/authority.pem`;
  await Deno.writeTextFile(caFile, authority.cert);
  const tls = authority.issue({ name: "127.0.0.1", hosts: ["127.0.0.1"] });
  const upstream = new BadUpstream({
    ...options,
    faults: options.streamFaults,
    tls: protocol === "http2" ? tls : undefined,
  });
  const clock = new ClockSteps({ seed: options.seed, every: options.duration / clockSteps });
  let steps = 0;
  try {
    await using producer = new Producer({
      program,
      directory,
      denoFlags: (start) => [`--cert=${caFile}`, ...clock.flags(start)],
      onOutput: (output) => steps += ClockSteps.count(output),
      flags: [
        ...["--bootstrap-server", kafka.bootstrapServers, "--topic", TOPIC, "--name", NAME],
        ...["--stream-url", upstream.url, "--since", String(upstream.since)],
        ...["--delivery", delivery, "--idle-timeout", "1s"],
      ],
    });
    const report = await new Run(options, { kafka, cluster, upstream, producer }).run();
    return { ...report, clockSteps: steps };
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
  readonly #expected: Expected;
  readonly #work: Work;
  readonly #producerFaults: ProducerFaults;
  readonly #brokerFaults: BrokerFaults;

  constructor(options: ChaosOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    this.#expected = expectedOf(parts.upstream.log);
    this.#work = new Work({
      cluster: parts.cluster,
      place: { group: NAME, topic: TOPIC },
      // A position does not count repeated events.
      total: this.#expected.events - this.#expected.repeats,
      patience: options.patience,
      stop: options.stop,
    });
    const work = this.#work;
    this.#producerFaults = new ProducerFaults(options, { ...parts, work, name: NAME });
    this.#brokerFaults = new BrokerFaults(options, { ...parts, work, topic: TOPIC });
  }

  async run(): Promise<Omit<ChaosReport, "clockSteps">> {
    const { producer } = this.#parts;
    const work = this.#work;
    const others = Promise.all([
      this.#release(),
      this.#producerFaults.run(),
      this.#brokerFaults.run(),
    ]);
    others.catch(() => {});
    try {
      await Promise.race([work.untilDone(() => this.#progress), producer.over]);
    } finally {
      work.end();
      await others;
    }
    // In a stopped run, unpublished edits are not lost.
    if (work.handled < work.total) this.#options.stop?.throwIfAborted();
    await producer.stop();
    return await this.#report();
  }

  get #progress(): string {
    const { kills, freezes } = this.#producerFaults.counts;
    const brokers = this.#brokerFaults.counts;
    return `killed: ${kills} producers, ${brokers.kills} brokers; ` +
      `frozen: ${freezes} producers, ${brokers.freezes} brokers`;
  }

  /** Serves events at an even pace up to the next fault, and slowly beyond it. */
  async #release(): Promise<void> {
    const { upstream } = this.#parts;
    const { duration } = this.#options;
    for (let last = performance.now(); !this.#work.isOver; await sleep(20)) {
      const now = performance.now();
      const more = (now - last) / Math.max(1, duration);
      const { released } = upstream;
      const allowed = Math.min(this.#producerFaults.allowed, this.#brokerFaults.allowed);
      const next = Math.max(Math.min(released + more, allowed), released + TRICKLE * more);
      upstream.release(Math.min(next, this.#producerFaults.burstEnd));
      last = now;
    }
  }

  async #report(): Promise<Omit<ChaosReport, "clockSteps">> {
    const { upstream, producer, cluster } = this.#parts;
    const { handled } = this.#work;
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const { edits, events, garbage, repeats } = this.#expected;
    const place = { cluster, topic: TOPIC, partitions: PARTITIONS };
    const { report: verdict, committed } = await compare(place, edits);
    return {
      seconds,
      events,
      handled,
      garbage,
      repeats,
      producer: this.#producerFaults.counts,
      brokers: this.#brokerFaults.counts,
      compressed: this.#brokerFaults.compressed,
      gaveUp: producer.counts.gaveUp,
      sent: upstream.sent,
      faults: upstream.faults,
      aborted: await uncommitted(place) - committed,
      verdict,
    };
  }
}
