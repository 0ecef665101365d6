/** Checks readers of a topic that Kafka's log cleaner has compacted. */
import { assert, assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { alterTopic } from "../../../lib/kafka/admin/topic_diff.ts";
import { withAdmin } from "../../../lib/kafka/admin/with_admin.ts";
import { disconnect, openCluster } from "../../../lib/kafka/client/cluster.ts";
import type { Message } from "../../../lib/kafka/client/kafkajs.ts";
import { offsetCommitter } from "../../../lib/kafka/client/offsets.ts";
import { readNewest } from "../../../lib/kafka/consume/newest.ts";
import { readTopic } from "../../../lib/kafka/consume/reader.ts";
import { startKafka } from "../../../lib/local/kafka/start.ts";
import { editOf, publish } from "../../support/kafka/records.ts";
import { type BatchHead, segmentsOf } from "../../support/kafka/segments.ts";
import { makeTopic } from "../../support/kafka/topic.ts";
import { TestDashboard } from "../../support/page/dashboard.ts";
import { runProgram } from "../../support/programs/program.ts";
import { testFolder } from "../../support/tools/folder.ts";
import { until } from "../../support/tools/until.ts";

const folder = await testFolder();
const kafka = await startKafka({
  directory: `${folder.path}/kafka`,
  port: 0,
  heap: 256,
  extraConfig: () => ({ "log.cleaner.backoff.ms": 100 }),
});
const brokers = kafka.bootstrapServers;
const cluster = openCluster({ brokers: [brokers] });
const decoder = new TextDecoder();

Deno.test.afterAll(async () => {
  await kafka.stop();
  await folder[Symbol.asyncDispose]();
});

/** The number of pages, which are the keys: few, so that the cleaner removes nearly all records. */
const PAGES = 5;
/**
 * The pause between the parts of the log, in ms: longer than a segment may last, so that each part
 * begins a segment.
 */
const STEP_MS = 60_000;

/** The offsets that a reader of committed records must get, by the rules of the log. */
interface Compacted {
  readonly topic: string;
  /** The ids of the remaining edits, in order. */
  readonly ids: readonly number[];
  /** An offset without a record, before later records. */
  readonly inGap: number;
}

/**
 * Creates a topic whose log begins with an empty batch, has more of them, markers and gaps in the
 * middle, and ends with an aborted transaction.
 */
async function compactedTopic(): Promise<Compacted> {
  // Fetches end with a segment. To get an empty batch as a fetch of its own, the cleaner must not
  // merge segments, which small indexes prevent, and must process all of them at once.
  const topic = await compactingTopic(
    new Map([["cleanup.policy", "delete"], ["segment.index.bytes", "36"]]),
  );
  const start = Date.now();
  const timestamp = new Date(start - 60_000).toISOString();
  const part = (number: number, count: number): Message[] =>
    Array.from({ length: count }, (_, index) => ({
      partition: 0,
      key: String(index % PAGES),
      value: JSON.stringify(editOf(number * 10_000 + index, { timestamp })),
      timestamp: String(start + number * STEP_MS),
    }));
  await sendIdempotently(topic, part(0, 1000));
  await publish(brokers, topic, part(1, 300));
  await publish(brokers, topic, part(2, 100), { abort: true });
  await sendIdempotently(topic, part(3, 400));
  await publish(brokers, topic, part(4, 200));
  await sendIdempotently(topic, part(5, 31));
  await publish(brokers, topic, part(5, 20), { abort: true });
  await compact(topic);

  const { all, segments } = await until(() => headsOf(topic), ({ all, closed }) => {
    const data = closed.filter(({ isControl }) => !isControl);
    const left = data.reduce((sum, { count }) => sum + count, 0);
    // The marker of the last transaction is written a moment after the abort.
    return left === PAGES && all.at(-1)?.isControl === true;
  });
  const emptyAt = all.flatMap(({ count }, index) => count === 0 ? [index] : []);
  assert(emptyAt.includes(0), "the log begins with an empty batch");
  const isEmpty = (heads: BatchHead[]) => heads.length > 0 && heads.every((one) => one.count === 0);
  assert(segments.some(isEmpty), "a fetch brings nothing else");
  assert(emptyAt.length > 1 && emptyAt.at(-1)! < all.length - 3, "more are in the middle");
  const lastOf = (number: number, count: number) =>
    Array.from({ length: PAGES }, (_, index) => number * 10_000 + count - PAGES + index);
  const tail = Array.from({ length: 31 }, (_, index) => 50_000 + index);
  return { topic, ids: [...lastOf(4, 200), ...tail], inGap: all[0]!.first - 10 };
}

Deno.test("readers read all remaining records of a compacted topic", async () => {
  const { topic, ids, inGap } = await compactedTopic();
  assertEquals(await read(topic), ids, "readTopic() to the end");

  for (const count of [1, 31, 32, 34, 100]) {
    const newest = await readNewest(cluster, { topics: [topic], from: "beginning", count });
    const values = newest.map(({ record }) => decoder.decode(record.value!));
    assertEquals(idsIn(values), ids.slice(-count), `readNewest() of ${count}`);
  }

  const group = `group-${topic}`;
  await commitOffset(group, topic, inGap);
  assertEquals(await read(topic, group, ids.length), ids, "readTopic() in a group, from a gap");

  const where = ["--bootstrap-server", brokers, "--topic", topic];
  const max = ["--max-messages", String(ids.length)];
  const printed = await runProgram("scripts/consume.ts", [...where, ...max, "--from-beginning"]);
  assertEquals(idsIn(printed.stdout.trimEnd().split("\n")), ids, "consume");

  const file = `${folder.path}/edits.db`;
  const args = [...where, ...max, "--database", `sqlite:${file}`];
  const stored = await runProgram("scripts/store.ts", args);
  assertEquals(stored.code, 0, stored.stderr);
  using database = new DatabaseSync(file);
  const rows = database.prepare("SELECT change_id FROM edits ORDER BY change_id").all();
  assertEquals(rows.map(({ change_id }) => Number(change_id)), ids, "store");

  await using dashboard = await TestDashboard.start(brokers, topic);
  assertEquals(await totalOf(dashboard.url), ids.length, "dashboard");
  assertEquals(await dashboard.stop(), 0);
});

Deno.test("readers reach the end of a log without records", async () => {
  await using topic = await emptiedTopic();
  assertEquals(await read(topic.name), [], "readTopic() to the end");
  await using dashboard = await TestDashboard.start(brokers, topic.name);
  assertEquals(await totalOf(dashboard.url), 0, "dashboard");
});

/** Creates a topic that has only empty batches and markers before an open transaction. */
async function emptiedTopic(): Promise<{ name: string } & AsyncDisposable> {
  const name = await compactingTopic(new Map([["delete.retention.ms", "0"]]));
  const start = Date.now();
  const part = (number: number, value: string | null): Message[] =>
    Array.from({ length: PAGES }, (_, index) => ({
      partition: 0,
      key: String(index),
      value,
      timestamp: String(start + number * STEP_MS),
    }));
  const untilLeft = (count: number) =>
    until(() => headsOf(name), ({ closed }) => {
      const data = closed.filter(({ isControl }) => !isControl);
      return data.length > 0 && data.reduce((sum, { count }) => sum + count, 0) === count;
    });
  await sendIdempotently(name, part(0, "value"));
  await sendIdempotently(name, part(1, null));
  // The cleaner removes what tombstones replace, and the tombstones in its next run.
  await publish(brokers, name, part(2, "value"), { abort: true });
  await untilLeft(PAGES);
  await publish(brokers, name, part(3, "value"), { abort: true });
  const producer = cluster.patient.producer({ transactionalId: name, idempotent: true });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic: name, messages: part(4, "value") });
  await untilLeft(0);
  return {
    name,
    async [Symbol.asyncDispose]() {
      await transaction.abort();
      await disconnect(producer);
    },
  };
}

function compactingTopic(configs: ReadonlyMap<string, string> = new Map()): Promise<string> {
  return makeTopic(brokers, {
    partitions: 1,
    configs: new Map([
      ["cleanup.policy", "compact"],
      ["segment.ms", "1000"],
      ["min.cleanable.dirty.ratio", "0.01"],
      ...configs,
    ]),
  });
}

async function compact(topic: string): Promise<void> {
  const change = { what: "cleanup.policy", found: "delete", wanted: "compact", canAlter: true };
  await withAdmin(
    cluster,
    { action: "alter the topic" },
    (admin) => alterTopic(admin, topic, [change]),
  );
}

/**
 * Returns the headers of the batches in the broker's log, and of those that the cleaner may
 * process.
 */
async function headsOf(topic: string) {
  const segments = await segmentsOf(`${folder.path}/kafka/node-1/data/${topic}-0`);
  return { segments, all: segments.flat(), closed: segments.slice(0, -1).flat() };
}

/** Returns the number of edits on the page after the history is read. */
async function totalOf(page: string): Promise<number> {
  const { body } = await fetch(new URL("/events", page), { signal: AbortSignal.timeout(15_000) });
  let text = "";
  for await (const part of body!.pipeThrough(new TextDecoderStream())) {
    text += part;
    const messages = text.split("\n\n");
    text = messages.pop()!;
    for (const message of messages) {
      const { status } = JSON.parse(message.slice("data: ".length));
      const isRead = status !== undefined && !["connecting", "loading"].includes(status.health);
      if (isRead) return status.total.humans + status.total.bots;
    }
  }
  throw new Error("The page ended before its history was read");
}

async function read(topic: string, group?: string, maxRecords?: number): Promise<number[]> {
  const values: string[] = [];
  await readTopic(cluster, {
    topic,
    from: "beginning",
    toEnd: group === undefined,
    group,
    maxRecords,
    signal: AbortSignal.timeout(30_000),
    handle: ({ records }) =>
      void values.push(...records.map(({ value }) => decoder.decode(value!))),
  });
  return idsIn(values);
}

function idsIn(values: readonly string[]): number[] {
  return values.map((value) => JSON.parse(value).id);
}

async function sendIdempotently(topic: string, messages: readonly Message[]): Promise<void> {
  const producer = cluster.patient.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  for (let from = 0; from < messages.length; from += 100) {
    await producer.send({ topic, messages: messages.slice(from, from + 100) });
  }
  await disconnect(producer);
}

async function commitOffset(groupId: string, topic: string, offset: number): Promise<void> {
  const committer = offsetCommitter(cluster.quick);
  await committer.connect();
  await committer.commit({ groupId, topic, partition: 0, offset: String(offset), metadata: "" });
  await committer.disconnect();
}
