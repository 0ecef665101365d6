/** Readers of a backlog of many fetches, so that the next one is in memory at every event. */
import { assert, assertEquals } from "@std/assert";
import { openCluster } from "../../../lib/kafka/client/cluster.ts";
import type { ReadBatch } from "../../../lib/kafka/consume/read_options.ts";
import { readTopic } from "../../../lib/kafka/consume/reader.ts";
import { testKafka, uniqueTopic } from "../../support/kafka/kafka.ts";
import { openPublisher, range } from "../../support/kafka/records.ts";
import { makeTopic } from "../../support/kafka/topic.ts";
import { until } from "../../support/tools/until.ts";

const brokers = await testKafka();
const cluster = openCluster({ brokers: brokers.split(",") });

const PARTITIONS = 4;
/** Records of one transaction in each partition, of 1 KB. */
const AT_ONCE = 1000;
const PADDING = "x".repeat(1000);

Deno.test("members of a group read a backlog in order while members come and go", {
  // A kafkajs consumer that is disconnected while it joins may connect once more.
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const topic = await makeTopic(brokers, { partitions: PARTITIONS });
  await fill(topic, [true, true, true, true, true, true]);
  const group = uniqueTopic("group");
  const seen = new Set<string>();
  const second = new Member(topic, group, seen);
  // Slow until the second member has joined, which takes a heartbeat of the first one.
  const first = new Member(topic, group, seen, () => second.joins === 0 ? 1000 : 0);
  const reading = first.read();
  await until(() => first.count, (count) => count >= 2000);
  const joining = second.read();
  await until(() => second.count, (count) => count >= 4000);
  second.stop.abort();
  await joining;
  await until(() => seen.size, (size) => size === 6 * AT_ONCE * PARTITIONS);
  first.stop.abort();
  await reading;
  assert(first.joins > 1, "the first member joined again");
});

Deno.test("readers of a backlog leave out aborted transactions of several fetches", async () => {
  const topic = await makeTopic(brokers, { partitions: PARTITIONS });
  await fill(topic, [true, false, false, true, false, true, false]);
  const read = Array.from({ length: PARTITIONS }, (): number[] => []);
  await readTopic(cluster, {
    topic,
    from: "beginning",
    toEnd: true,
    handle: ({ partition, records }) => {
      read[partition]!.push(...records.map(({ value }) => parseInt(textOf(value))));
    },
  });
  const committed = [0, 3, 5].flatMap((run) => range(run * AT_ONCE, (run + 1) * AT_ONCE));
  for (const numbers of read) assertEquals(numbers, committed);
});

/** Publishes transactions, which are committed or aborted. */
async function fill(topic: string, commits: readonly boolean[]): Promise<void> {
  await using publisher = await openPublisher(brokers);
  for (const [run, isCommitted] of commits.entries()) {
    const messages = range(run * AT_ONCE, (run + 1) * AT_ONCE).flatMap((number) =>
      range(0, PARTITIONS).map((partition) => ({ partition, value: `${number} ${PADDING}` }))
    );
    await publisher.publish(topic, messages, { abort: !isCommitted });
  }
}

/** A member that checks that it misses no record after its first one in a partition. */
class Member {
  readonly stop = new AbortController();
  joins = 0;
  /** The number of records that it has handled. */
  count = 0;
  readonly #topic: string;
  readonly #group: string;
  readonly #seen: Set<string>;
  readonly #delay: () => number;
  #assigned = new Set<number>();
  /** By partition, the number of the next record. */
  readonly #next = new Map<number, number>();

  /**
   * @param seen Gets the records that were handled by any member.
   * @param delay Returns how long the next records take, in ms.
   */
  constructor(topic: string, group: string, seen: Set<string>, delay = () => 20) {
    this.#topic = topic;
    this.#group = group;
    this.#seen = seen;
    this.#delay = delay;
  }

  async read(): Promise<void> {
    await readTopic(cluster, {
      topic: this.#topic,
      group: this.#group,
      from: "beginning",
      signal: this.stop.signal,
      onAssigned: (partitions) => {
        this.joins++;
        this.#assigned = new Set(partitions.map(({ partition }) => partition));
        this.#next.clear();
      },
      handle: (batch) => this.#handle(batch),
    });
  }

  async #handle({ partition, records }: ReadBatch): Promise<void> {
    assert(this.#assigned.has(partition), `partition ${partition} belongs to the other member`);
    const numbers = records.map(({ value }) => parseInt(textOf(value)));
    const first = this.#next.get(partition) ?? numbers[0]!;
    assertEquals(numbers, range(first, first + numbers.length));
    this.#next.set(partition, first + numbers.length);
    for (const number of numbers) this.#seen.add(`${partition} ${number}`);
    this.count += numbers.length;
    await new Promise((resolve) => setTimeout(resolve, this.#delay()));
  }
}

const decoder = new TextDecoder();

function textOf(value: Uint8Array | null): string {
  return decoder.decode(value!);
}
