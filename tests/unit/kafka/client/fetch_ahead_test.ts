import { Buffer } from "node:buffer";
import { assertEquals, assertRejects } from "@std/assert";
import {
  type AnsweredFetch,
  fetchAhead,
  type FetchingBroker,
  type FetchOptions,
} from "../../../../lib/kafka/client/fetch_ahead.ts";
import { splitBatches } from "../../../../lib/kafka/wire/fetch/record_set.ts";
import { retain } from "../../../../lib/kafka/wire/fetch/response_memory.ts";
import { batchBytes } from "../../../support/kafka/batches.ts";

/** The number of records in each partition. */
const END = 100;
/** The number of records of a partition in one answer. */
const AT_ONCE = 10;

/** Requests partitions of the topic `t` from offsets on. */
function from(offsets: Readonly<Record<number, number>>, topic = "t"): FetchOptions {
  const partitions = Object.entries(offsets).map(([partition, offset]) => (
    { partition: Number(partition), fetchOffset: String(offset), maxBytes: 1000 }
  ));
  return { topics: [{ topic, partitions }] };
}

/** The requested offset of each partition, and that after its records in the answer. */
function offsetsOf(options: FetchOptions): number[] {
  return options.topics.flatMap(({ partitions }) =>
    partitions.map(({ fetchOffset }) => Number(fetchOffset))
  );
}

/** A broker whose partitions have equal records; `requests` are the offsets that were sent. */
class Broker implements FetchingBroker {
  readonly requests: number[][] = [];
  /** The memory of each answer. */
  readonly memory: Buffer[] = [];
  /** The end for readers of committed records. */
  stable = END;
  connected = true;
  failures = 0;
  /** When requests fail. */
  failure = Promise.resolve();
  readonly ask: (options: FetchOptions) => Promise<AnsweredFetch>;

  constructor() {
    const fetch = fetchAhead(function (this: FetchingBroker, options) {
      return (this as Broker).#answer(options);
    });
    this.ask = (options) => fetch.call(this, options);
  }

  isConnected(): boolean {
    return this.connected;
  }

  async #answer({ topics }: FetchOptions): Promise<AnsweredFetch> {
    this.requests.push(offsetsOf({ topics }));
    if (this.failures > 0) {
      this.failures--;
      await this.failure;
      throw new Error("no leader");
    }
    const responses = topics.map(async ({ topic, partitions }) => ({
      topicName: topic,
      partitions: await Promise.all(partitions.map((one) => this.#records(one))),
    }));
    return { responses: await Promise.all(responses) };
  }

  async #records({ partition, fetchOffset }: { partition: number; fetchOffset: string }) {
    const offset = Number(fetchOffset);
    const bytes = Buffer.allocUnsafeSlow(1000);
    const length = (await batchBytes({
      offset,
      messages: Array.from({ length: AT_ONCE }, () => ({ value: "v" })),
    })).copy(bytes);
    const messages = offset < this.stable ? splitBatches(bytes.subarray(0, length)) : [];
    if (messages.length > 0) retain(bytes);
    this.memory.push(bytes);
    const end = { highWatermark: String(END), lastStableOffset: String(this.stable) };
    return { partition, messages, ...end };
  }
}

Deno.test("fetchAhead() sends the next fetch before it is requested", async () => {
  const broker = new Broker();
  const first = await broker.ask(from({ 0: 0, 1: 50 }));
  assertEquals(broker.requests, [[0, 50], [10, 60]]);
  const second = await broker.ask(from({ 0: 10, 1: 60 }));
  assertEquals(broker.requests, [[0, 50], [10, 60], [20, 70]]);
  assertEquals([first, second].map(firstOffsets), [[0, 50], [10, 60]]);
});

Deno.test("fetchAhead() drops what is not requested, and frees its memory", async () => {
  const others: readonly [string, FetchOptions][] = [
    ["a seek", from({ 0: 40, 1: 10 })],
    ["records that were not handled", from({ 0: 5, 1: 10 })],
    ["a paused or revoked partition", from({ 0: 10 })],
    ["a new partition", from({ 0: 10, 1: 10, 2: 0 })],
    ["another topic", from({ 0: 10, 1: 10 }, "other")],
    ["another option", { ...from({ 0: 10, 1: 10 }), ...{ isolationLevel: 0 } }],
  ];
  for (const [name, other] of others) {
    const broker = new Broker();
    await broker.ask(from({ 0: 0, 1: 0 }));
    const answer = await broker.ask(other);
    assertEquals(broker.requests.slice(0, 3), [[0, 0], [10, 10], offsetsOf(other)], name);
    assertEquals(firstOffsets(answer), offsetsOf(other), name);
    const [first, second, dropped, alsoDropped, used] = broker.memory;
    const isKept = [first, second, dropped, alsoDropped, used].map((bytes) => bytes!.length > 0);
    assertEquals(isKept, [true, true, false, false, true], name);
  }
});

Deno.test("fetchAhead() fetches again what failed ahead", async () => {
  const broker = new Broker();
  await broker.ask(from({ 0: 0 }));
  broker.failures = 1;
  await broker.ask(from({ 0: 10 }));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(firstOffsets(await broker.ask(from({ 0: 20 }))), [20]);
  assertEquals(broker.requests, [[0], [10], [20], [20], [30]]);
});

Deno.test("fetchAhead() passes on a failure that kafkajs waits for", async () => {
  const broker = new Broker();
  const timeout = Promise.withResolvers<void>();
  broker.failure = timeout.promise;
  const first = broker.ask(from({ 0: 0 }));
  broker.failures = 1;
  await first;
  const second = broker.ask(from({ 0: 10 }));
  timeout.resolve();
  await assertRejects(() => second, Error, "no leader");
  assertEquals(broker.requests, [[0], [10]]);
  assertEquals(firstOffsets(await broker.ask(from({ 0: 10 }))), [10]);
});

Deno.test("fetchAhead() fetches nothing ahead at the end of all partitions", async () => {
  const broker = new Broker();
  await broker.ask(from({ 0: 80, 1: 90 }));
  await broker.ask(from({ 0: 90, 1: 100 }));
  assertEquals(broker.requests, [[80, 90], [90, 100]]);
  // An open transaction begins at 50.
  broker.stable = 50;
  await broker.ask(from({ 0: 40 }));
  assertEquals(broker.requests.slice(2), [[40]]);
});

Deno.test("fetchAhead() sends nothing to a broker that is being disconnected", async () => {
  const broker = new Broker();
  const asked = broker.ask(from({ 0: 0 }));
  broker.connected = false;
  await asked;
  assertEquals(broker.requests, [[0]]);
});

Deno.test("fetchAhead() fetches ahead from each broker by itself", async () => {
  const [one, two] = [new Broker(), new Broker()];
  await Promise.all([one.ask(from({ 0: 0 })), two.ask(from({ 1: 0 }))]);
  await Promise.all([one.ask(from({ 0: 10 })), two.ask(from({ 1: 10 }))]);
  for (const { requests } of [one, two]) assertEquals(requests, [[0], [10], [20]]);
});

function firstOffsets({ responses }: AnsweredFetch): number[] {
  return responses.flatMap(({ partitions }) =>
    partitions.flatMap(({ messages }) =>
      messages.slice(0, 1).map((one) => "baseOffset" in one ? one.baseOffset : NaN)
    )
  );
}
