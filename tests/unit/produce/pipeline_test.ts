import { assertEquals } from "@std/assert";
import {
  type Batch,
  newPublisherCounts,
  type Published,
  type Publisher,
} from "../../../lib/kafka/publish/publisher.ts";
import { newCounts } from "../../../lib/produce/counts.ts";
import type { ProduceOptions } from "../../../lib/produce/options.ts";
import { Pipeline } from "../../../lib/produce/pipeline.ts";
import { Position } from "../../../lib/upstream/position/position.ts";
import type { EventStream } from "../../../lib/upstream/stream.ts";

type Publish = (batch: Batch) => Published | "rejected";

const whole = ({ records }: Batch): Published => ({ count: records.length, rejected: [] });

/** Runs a pipeline over groups of events. The value of each record has `bytes` bytes. */
async function run(
  groups: readonly number[],
  publish: Publish,
  { bytes = 10, ...options }: Partial<ProduceOptions> & { bytes?: number } = {},
) {
  const batches: Batch[] = [];
  const publisher: Publisher = {
    counts: newPublisherCounts(),
    open: () => Promise.resolve(undefined),
    publish: async (batch) => {
      batches.push(batch);
      // Lets the stream continue.
      await new Promise((resolve) => setTimeout(resolve));
      return publish(batch);
    },
    close: () => Promise.resolve(),
  };
  const counts = newCounts();
  let n = 0;
  const arrivals = (count: number) =>
    Array.from({ length: count }, () => ({
      key: "eqiad.test/0",
      offset: n,
      timestamp: 1000 + n,
      id: `id-${n}`,
      data: new Uint8Array(),
      event: { type: "edit", meta: { domain: "x" }, body: { n: n++ } },
    }));
  const stream = {
    counts: {},
    topicPartitions: [],
    start: 0,
    async *[Symbol.asyncIterator]() {
      for (const count of groups) {
        yield arrivals(count);
        await new Promise((resolve) => setTimeout(resolve));
      }
    },
  } as unknown as EventStream;
  const pipeline = new Pipeline(
    {
      publisher,
      counts,
      stream: "http://x/",
      since: undefined,
      stop: new AbortController().signal,
      open: () => stream,
      transform: (event) => {
        const { n } = event.body as unknown as { n: number };
        const value = new TextEncoder().encode(String(n).padEnd(bytes, " "));
        return { topic: "t", key: null, value, timestamp: 0 };
      },
      batchSize: 100,
      linger: 0,
      shutdownTimeout: 60_000,
      ...options,
    },
    new Position(0),
    0,
  );
  await pipeline.run();
  return { batches, counts };
}

const numbers = ({ records }: Batch) =>
  records.map(({ value }) => Number(new TextDecoder().decode(value as Uint8Array)));

Deno.test("Pipeline publishes the rest of a batch after a published part", async () => {
  const { batches, counts } = await run([40], (batch) => {
    const [cut] = batch.cuts ?? [];
    return cut === undefined ? whole(batch) : { count: cut.count, rejected: [] };
  }, { bytes: 10_000 });
  const sizes = batches.map(({ records }) => records.length).filter((size) => size > 0);
  assertEquals(sizes, [40, 36, 32, 28, 24, 20, 16, 12, 8, 4]);
  assertEquals(batches.at(-1)!.handled, 40);
  assertEquals(batches[1]!.cuts![0]!.handled, 4);
  assertEquals([counts.published, counts.queued], [40, 0]);
});

Deno.test("Pipeline publishes a rejected batch again, with newer records", async () => {
  const isTooSmall = ({ length }: Batch["records"]) => length > 0 && length < 5;
  const { batches, counts } = await run(
    [3, 2],
    (batch) => isTooSmall(batch.records) ? "rejected" : whole(batch),
  );
  assertEquals(numbers(batches.at(-1)!), [0, 1, 2, 3, 4]);
  assertEquals([counts.published, counts.queued], [5, 0]);
});

Deno.test("Pipeline grows a rejected batch beyond a batch size of 1", async () => {
  const { batches, counts } = await run(
    [1, 1, 1],
    (batch) => batch.records.length === 1 || batch.records.length === 2 ? "rejected" : whole(batch),
    { batchSize: 1 },
  );
  assertEquals(numbers(batches.at(-1)!), [0, 1, 2]);
  assertEquals(counts.published, 3);
});

Deno.test("Pipeline marks the last batch", async () => {
  let rejections = 0;
  const { batches } = await run(
    [1],
    (batch) => batch.records.length > 0 && ++rejections < 5 ? "rejected" : whole(batch),
  );
  const last = batches.at(-1)!;
  assertEquals([last.isLast, last.reached, numbers(last)], [true, 1000, [0]]);
});

Deno.test("Pipeline counts rejected records, and not as published", async () => {
  const { counts } = await run([5], (batch) => ({
    count: batch.records.length,
    rejected: batch.records.slice(0, 2).map((record) => ({ record, reason: "MESSAGE_TOO_LARGE" })),
  }));
  assertEquals([counts.published, counts.queued], [3, 0]);
  assertEquals([...counts.refused], [["MESSAGE_TOO_LARGE", 2]]);
});
