import { assertEquals, assertRejects } from "@std/assert";
import type { ConsumerOptions, Offsets } from "../../../../lib/kafka/consume/consumer_options.ts";
import type { TopicPartition } from "../../../../lib/kafka/topic_partition.ts";
import { UserError } from "../../../../lib/shared/error.ts";
import { DatabaseRetry } from "../../../../lib/store/consumer/database_retry.ts";
import { Member, type MemberConsumer } from "../../../../lib/store/consumer/member.ts";
import { StoreProgress } from "../../../../lib/store/consumer/progress.ts";
import {
  AllRejected,
  type Claim,
  type ClaimedPartition,
  type ClaimRequest,
  type Sink,
  type SinkBatch,
  SinkUnavailable,
  SQL_ADVICE,
  type WriteOutcome,
} from "../../../../lib/store/sink.ts";
import { editOf } from "../../../support/kafka/records.ts";

const encoder = new TextEncoder();

/** A sink that records its calls, and returns given answers. */
class FakeSink implements Sink {
  readonly databaseId = "id";
  readonly concurrency = 1;
  readonly advice = SQL_ADVICE;
  readonly writes: (readonly [next: bigint, edits: number, bad: number])[] = [];
  /** The state by partition. */
  readonly next = new Map<number, bigint>();
  flushes = 0;
  /** The last batch. */
  batch: SinkBatch | undefined;
  /** Replacements of the next writes. */
  readonly answers: (WriteOutcome | Error)[] = [];

  addTopic(): Promise<number> {
    return Promise.resolve(1);
  }

  claim({ topicId, partition, first }: ClaimRequest): Promise<Claim> {
    return Promise.resolve({
      topicId,
      partition,
      epoch: 1n,
      next: this.next.get(partition) ?? first,
    });
  }

  write(batch: SinkBatch): Promise<WriteOutcome> {
    const { claim, next, rows } = batch;
    this.batch = batch;
    const answer = this.answers.shift();
    if (answer instanceof Error) return Promise.reject(answer);
    if (answer !== undefined) return Promise.resolve(answer);
    this.writes.push([next, rows.edits.length, rows.bad.length]);
    this.next.set(claim.partition, next);
    return Promise.resolve({ claim: { ...claim, next } });
  }

  /** The partitions that the next flush reports. */
  dropped: readonly ClaimedPartition[] = [];

  flush(): Promise<readonly ClaimedPartition[]> {
    this.flushes++;
    const { dropped } = this;
    this.dropped = [];
    return Promise.resolve(dropped);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** A consumer that a test controls. */
class FakeConsumer implements MemberConsumer {
  readonly options: ConsumerOptions;
  readonly relocated: number[][] = [];
  readonly advanced: bigint[] = [];
  heartbeats = 0;
  /** Whether Kafka accepts heartbeats. */
  isMember = true;
  pending = 0;
  isOver = false;
  readonly #over = Promise.withResolvers<void>();

  constructor(options: ConsumerOptions) {
    this.options = options;
  }

  run = () => this.#over.promise;
  commit = (_offsets: Offsets) => Promise.resolve();

  close(last?: Promise<unknown>): Promise<void> {
    return Promise.resolve(last).then(() => {});
  }

  end(error?: unknown): void {
    this.isOver = true;
    if (error === undefined) this.#over.resolve();
    else this.#over.reject(error);
  }

  relocate(partitions: readonly TopicPartition[]): void {
    this.relocated.push(partitions.map(({ partition }) => partition));
  }

  /** Joins the group with partitions, and returns the offsets to continue from. */
  async join(...partitions: number[]): Promise<ReadonlyMap<number, bigint>> {
    const [topic = ""] = this.options.topics;
    const assigned = partitions.map((partition) => ({ topic, partition }));
    this.options.onJoin?.(assigned);
    const located = await this.options.locate(assigned, new AbortController().signal);
    return new Map([...located].map(([{ partition }, next]) => [partition, next]));
  }

  /** Delivers records of partition 0, in chunks of the values' lists. */
  async fetch(first: number, ...chunks: (readonly string[])[]): Promise<void> {
    let offset = first;
    const fetched = chunks.map((values) => {
      const records = values.map((value) => ({
        key: null,
        value: encoder.encode(value),
        timestamp: "0",
        offset: String(offset++),
        headers: {},
      }));
      // An empty chunk is a marker.
      if (values.length === 0) offset++;
      return { records, next: BigInt(offset) };
    });
    this.pending++;
    try {
      await this.options.handle({
        topic: this.options.topics[0]!,
        partition: 0,
        end: BigInt(offset),
        chunks: () => fetched as never,
        advance: (next) => this.advanced.push(next),
        signal: new AbortController().signal,
        heartbeat: () => {
          this.heartbeats++;
          return Promise.resolve(this.isMember);
        },
      });
    } catch (error) {
      this.end(error);
    } finally {
      this.pending--;
    }
  }
}

/** Creates a member of the group 'group' on fakes. */
function makeMember(options: { maxRecords?: number; batchSize?: number } = {}) {
  const sink = new FakeSink();
  const progress = new StoreProgress(() => 0);
  const stop = new AbortController();
  let consumer: FakeConsumer | undefined;
  const member = new Member({
    topics: ["topic"],
    group: "group",
    sink,
    batchSize: 100,
    signal: stop.signal,
    progress,
    ...options,
  }, {
    topicNumbers: new Map([["topic", 1]]),
    admin: {
      fetchTopicOffsets: () =>
        Promise.resolve([{ partition: 0, offset: "1000", low: "0", high: "1000" }]),
    },
    database: new DatabaseRetry(progress, { firstWaitMs: 0, sleep: () => Promise.resolve() }),
    makeConsumer: (options) => consumer = new FakeConsumer(options),
  });
  const done = member.run();
  done.catch(() => {}); // read by the test
  return { sink, progress, stop, consumer: consumer!, done };
}

const edits = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => JSON.stringify(editOf(first + index)));

Deno.test("Member resumes from the offset in the database", async () => {
  const { sink, consumer, stop, done } = makeMember();
  sink.next.set(0, 7n);
  assertEquals(await consumer.join(0), new Map([[0, 7n]]));
  stop.abort();
  await done;
});

Deno.test("Member writes batches, and advances after each", async () => {
  const { sink, consumer, progress, stop, done } = makeMember({ batchSize: 2 });
  await consumer.join(0);
  await consumer.fetch(0, [...edits(0, 3), "no JSON"], edits(4, 1));
  assertEquals(sink.writes, [[2n, 2, 0], [4n, 1, 1], [5n, 1, 0]]);
  assertEquals(consumer.advanced, [2n, 4n, 5n]);
  assertEquals(progress.records, 5);
  stop.abort();
  await done;
});

Deno.test("Member moves the stored offset past markers and aborted records", async () => {
  const { sink, consumer, stop, done } = makeMember();
  await consumer.join(0);
  await consumer.fetch(0, edits(0, 2), []);
  assertEquals(sink.writes, [[2n, 2, 0], [3n, 0, 0]]);
  stop.abort();
  await done;
});

Deno.test("Member ends after maxRecords, in the middle of a batch, and flushes", async () => {
  const { sink, consumer, done } = makeMember({ maxRecords: 3 });
  await consumer.join(0);
  const before = sink.flushes;
  await consumer.fetch(0, edits(0, 5));
  await done;
  assertEquals(sink.writes, [[3n, 3, 0]]);
  assertEquals(sink.flushes, before + 1);
});

Deno.test("Member writes the same batch again while the database is unreachable", async () => {
  const { sink, consumer, progress, stop, done } = makeMember();
  await consumer.join(0);
  sink.answers.push(new SinkUnavailable("it is down"), new SinkUnavailable("it is down"));
  await consumer.fetch(0, edits(0, 2));
  assertEquals(sink.writes, [[2n, 2, 0]]);
  assertEquals(progress.snapshot().isDatabaseAway, false);
  stop.abort();
  await done;
});

Deno.test("Member fetches a batch again that is rejected with what follows", async () => {
  const { sink, consumer, progress, done } = makeMember({ batchSize: 1, maxRecords: 1 });
  await consumer.join(0);
  sink.answers.push(...Array(4).fill(new AllRejected("it rejects all")));
  await consumer.fetch(0, edits(0, 3));
  assertEquals([sink.writes, consumer.advanced, progress.records], [[], [], 0]);
  const following = await sink.batch!.following!();
  assertEquals(following.edits.map(({ offset }) => offset), [1n, 2n]);
  await consumer.fetch(0, edits(0, 4));
  await done;
  assertEquals(sink.writes, [[1n, 1, 0]]);
});

Deno.test("Member claims again what another member of its group has claimed", async () => {
  const { sink, consumer, stop, done } = makeMember({ maxRecords: 10 });
  await consumer.join(0);
  sink.answers.push({ heldBy: "group" });
  await consumer.fetch(0, edits(0, 2));
  assertEquals([consumer.heartbeats, consumer.relocated, consumer.advanced], [1, [[0]], []]);
  assertEquals(sink.writes, []);
  // The records were returned to the count, so that all ten may still come.
  await consumer.join(0);
  await consumer.fetch(0, edits(0, 12));
  assertEquals(sink.writes, [[10n, 10, 0]]);
  await done;
  stop.abort();
});

Deno.test("Member claims nothing again without an answer to its heartbeat", async () => {
  const { sink, consumer, stop, done } = makeMember();
  await consumer.join(0);
  consumer.isMember = false;
  sink.answers.push({ heldBy: "group" });
  await consumer.fetch(0, edits(0, 2));
  assertEquals([consumer.heartbeats, consumer.relocated], [1, []]);
  // The records are fetched again.
  consumer.isMember = true;
  await consumer.fetch(0, edits(0, 2));
  assertEquals(sink.writes, [[2n, 2, 0]]);
  stop.abort();
  await done;
});

Deno.test("Member gives way to another group", async () => {
  const { sink, consumer, done } = makeMember();
  await consumer.join(0);
  sink.answers.push({ heldBy: "other" });
  await consumer.fetch(0, edits(0, 2));
  await assertRejects(() => done, UserError, "the group 'other' has taken over");
});

Deno.test("Member ends with a permanent failure of the database", async () => {
  const { sink, consumer, done } = makeMember();
  await consumer.join(0);
  sink.answers.push(new UserError("Cannot use the database: its disk is full"));
  await consumer.fetch(0, edits(0, 2));
  await assertRejects(() => done, UserError, "its disk is full");
});

Deno.test("Member rejects an offset that Kafka does not have", async () => {
  const { sink, consumer } = makeMember();
  sink.next.set(0, 1001n);
  await assertRejects(() => consumer.join(0), UserError, "the next offset in the database is 1001");
  consumer.end();
});

Deno.test("Member flushes accepted rows before it claims again", async () => {
  const { sink, consumer, stop, done } = makeMember();
  await consumer.join(0);
  const before = sink.flushes;
  await consumer.join(0);
  assertEquals(sink.flushes, before + 1);
  stop.abort();
  await done;
});

Deno.test("Member claims partitions again whose accepted rows were dropped", async () => {
  const { sink, consumer, stop, done } = makeMember();
  await consumer.join(0, 1);
  sink.dropped = [{ topicId: 1, partition: 1 }, { topicId: 1, partition: 7 }];
  await consumer.options.locate(
    [{ topic: consumer.options.topics[0]!, partition: 0 }],
    new AbortController().signal,
  );
  assertEquals(consumer.relocated, [[1]]);
  stop.abort();
  await done;
});

Deno.test("Member throws if it is stopped before a batch is written", async () => {
  const { consumer, stop, done } = makeMember();
  await consumer.join(0);
  consumer.pending = 1;
  stop.abort();
  await assertRejects(
    () => done,
    UserError,
    "Cannot stop in time: the database has not stored the pending batch",
  );
});
