import { assertEquals, assertRejects } from "@std/assert";
import { newPublisherCounts } from "../../../lib/kafka/publish/publisher.ts";
import { UserError } from "../../../lib/shared/error.ts";
import type { Publisher } from "../../../lib/kafka/publish/publisher.ts";
import { newCounts } from "../../../lib/produce/counts.ts";
import type { ProduceOptions } from "../../../lib/produce/options.ts";
import { produce } from "../../../lib/produce/produce.ts";
import type { EventStream } from "../../../lib/upstream/stream.ts";

/** Runs the pipeline on a fake Kafka. */
function run(
  open: Publisher["open"],
  options: Partial<ProduceOptions> = {},
): { producing: Promise<void>; done: string[] } {
  const done: string[] = [];
  const publisher: Publisher = {
    counts: newPublisherCounts(),
    open,
    publish: ({ records }) => Promise.resolve({ count: records.length, rejected: [] }),
    close: () => Promise.resolve(void done.push("close")),
  };
  const producing = produce({
    publisher,
    counts: newCounts(),
    stream: "http://x/recentchange",
    since: undefined,
    stop: new AbortController().signal,
    open: () => {
      throw new Error("The stream is not to be opened");
    },
    transform: () => undefined,
    batchSize: 1,
    linger: 0,
    shutdownTimeout: 60_000,
    ...options,
  });
  return { producing, done };
}

Deno.test("produce() ends at once if it is stopped while connecting", async () => {
  const opened = Promise.withResolvers<undefined>();
  const stop = new AbortController();
  const { producing, done } = run(() => opened.promise, { stop: stop.signal });
  stop.abort();
  await producing;
  assertEquals(done, ["close"]);
  opened.resolve(undefined);
  await Promise.resolve();
  assertEquals(done, ["close", "close"]);
});

Deno.test("produce() rejects another stream's position, unless it is unused", async () => {
  const place = { "eqiad.page-create/0": [5, 1, "a", 0] };
  const saved = (places: object) => () =>
    Promise.resolve({ handled: 0, position: { stream: "http://x/page-create", start: 5, places } });
  await assertRejects(() => run(saved(place)).producing, UserError, "belongs to the stream");
  let began: number | undefined;
  const open: ProduceOptions["open"] = ({ start }) => {
    began = start;
    const stream = { counts: {}, topicPartitions: [], start, async *[Symbol.asyncIterator]() {} };
    return stream as unknown as EventStream;
  };
  await run(saved({}), { open }).producing;
  assertEquals(began, 5);
});

Deno.test("produce() uses --since if nothing was handled at the saved position", async () => {
  const began: number[] = [];
  const open: ProduceOptions["open"] = ({ start }) => {
    began.push(start);
    const stream = { counts: {}, topicPartitions: [], start, async *[Symbol.asyncIterator]() {} };
    return stream as unknown as EventStream;
  };
  const places = { "eqiad.mediawiki.recentchange/0": [500, -1, "", 0] };
  const position = { stream: "http://x/recentchange", start: 500, places };
  for (const handled of [0, 1]) {
    const saved = () => Promise.resolve({ handled, position });
    await run(saved, { open, since: 7 }).producing;
    await run(saved, { open }).producing;
  }
  assertEquals(began, [7, 500, 500, 500]);
});
