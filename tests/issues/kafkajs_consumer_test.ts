/** Tests defects of kafkajs 2.2.4's consumer, and that wikitap's replacements are in effect. */
import { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import originalFilter from "kafkajs/src/consumer/filterAbortedMessages.js";
import Decoder from "kafkajs/src/protocol/decoder.js";
import originalDecoder from "kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js";
import { FetchedBatch } from "../../lib/kafka/wire/fetch/fetched_batch.ts";
import { batchBytes, chunksOf, emptyBatch, offsetsOf } from "../support/kafka/batches.ts";

const ABORT = Buffer.from([0, 0, 0, 0]);
const COMMIT = Buffer.from([0, 0, 0, 1]);

/** One record of a transaction, or the marker that ends it: offset, producer and key. */
type Step = readonly [offset: number, producer: number, key?: Buffer, isMarker?: boolean];

interface Case {
  readonly steps: readonly Step[];
  readonly aborted: readonly { producerId: string; firstOffset: string }[];
  readonly wanted: readonly number[];
}

Deno.test("kafkajs takes aborted transactions in the order of their ends", async () => {
  await assertOnlyOursRight({
    steps: [
      [0, 1],
      [1, 2],
      [2, 1],
      [3, 2, ABORT, true],
      [4, 1],
      [5, 1, ABORT, true],
      [6, 3],
    ],
    aborted: [{ producerId: "2", firstOffset: "1" }, { producerId: "1", firstOffset: "0" }],
    wanted: [6],
  });
});

Deno.test("kafkajs mistakes a fetch that begins inside two aborted transactions", async () => {
  await assertOnlyOursRight({
    steps: [[10, 2], [11, 1], [12, 1, ABORT, true], [13, 2, ABORT, true]],
    aborted: [{ producerId: "1", firstOffset: "1" }, { producerId: "2", firstOffset: "2" }],
    wanted: [],
  });
});

Deno.test("kafkajs takes a record for an abort marker by its key", async () => {
  await assertOnlyOursRight({
    steps: [[0, 1], [1, 1, ABORT], [2, 1], [3, 1, ABORT, true]],
    aborted: [{ producerId: "1", firstOffset: "0" }],
    wanted: [],
  });
});

Deno.test("FetchedBatch keeps what was committed after an abort", async () => {
  const steps: Step[] = [[0, 1], [1, 1, ABORT, true], [2, 1], [3, 1, COMMIT, true]];
  const aborted = [{ producerId: "1", firstOffset: "0" }];
  assertEquals(await ours(steps, aborted), [2]);
  assertEquals(await ours(steps, []), [0, 2]);
});

Deno.test("kafkajs overflows the stack at 300,000 records in a batch", async () => {
  const messages = Array.from({ length: 300_000 }, () => ({ value: "", timestamp: "5" }));
  const bytes = await batchBytes({ messages });
  await assertRejects(() => originalDecoder(responseOf(bytes)), RangeError, "call stack");
  assertEquals(offsetsOf(chunksOf(bytes)).next, 300_000);
});

Deno.test("kafkajs drops a batch without records; its consumer now gets it", async () => {
  const bytes = await emptyBatch(5, 3);
  assertEquals(await originalDecoder(responseOf(bytes)), []);
  await import("../../lib/kafka/client/kafkajs.ts");
  const require = createRequire(import.meta.url);
  assertEquals(require("kafkajs/src/consumer/batch.js"), FetchedBatch);
  const fetchV11 = require("kafkajs/src/protocol/requests/fetch/v11/response.js");
  const { responses: [topic] } = await fetchV11.decode(fetchResponse(bytes));
  const batch = new FetchedBatch("topic", "5", topic.partitions[0]);
  assertEquals([batch.isEmpty(), offsetsOf([...batch.chunks()])], [false, {
    offsets: [],
    next: 9,
  }]);
});

/** kafkajs's own filter must still have the defect. Otherwise the replacement can be removed. */
async function assertOnlyOursRight({ steps, aborted, wanted }: Case): Promise<void> {
  assertEquals(await ours(steps, aborted), wanted);
  const messages = steps.map(([offset, producer, key = null, isMarker = false]) => ({
    offset: String(offset),
    key,
    isControlRecord: isMarker,
    batchContext: { producerId: String(producer), inTransaction: true },
  }));
  const kept = (originalFilter({ messages, abortedTransactions: aborted }) as typeof messages)
    .filter(({ isControlRecord }) => !isControlRecord);
  assertNotEquals(kept.map(({ offset }) => Number(offset)), wanted);
}

async function ours(steps: readonly Step[], aborted: Case["aborted"]): Promise<number[]> {
  const batches = await Promise.all(
    steps.map(([offset, producerId, key = null, isControl = false]) =>
      batchBytes({ offset, producerId, isControl, messages: [{ key, value: "x", timestamp: "5" }] })
    ),
  );
  return offsetsOf(chunksOf(Buffer.concat(batches), steps[0]![0], aborted)).offsets;
}

/** Encodes the records of a partition as in an answer, after their length. */
function responseOf(bytes: Buffer): Decoder {
  return new Decoder(withLength(bytes));
}

function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Returns an answer to Fetch, version 11, for partition 0 of the topic "t". */
function fetchResponse(records: Buffer): Buffer {
  const head = Buffer.from([
    ...new Array(10).fill(0), // Throttle time, error, session.
    ...[0, 0, 0, 1, 0, 1, 116], // One topic.
    ...[0, 0, 0, 1, 0, 0, 0, 0, 0, 0], // One partition: number, error.
    ...new Array(24).fill(0), // High watermark, last stable and first offset.
    ...[0, 0, 0, 0], // Aborted transactions.
    ...[255, 255, 255, 255], // Preferred replica.
  ]);
  return Buffer.concat([head, withLength(records)]);
}
