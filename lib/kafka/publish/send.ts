import { protocolErrorType } from "../errors/explain.ts";
import {
  CompressionTypes,
  type Message as KafkaMessage,
  type Producer,
  type Transaction,
} from "../client/kafkajs.ts";
import { type Chunk, halves } from "./chunks.ts";
import type { RefusedRecord } from "./publisher.ts";

/** How records are compressed on their way and on the brokers' disks. */
export type Compression = "none" | "gzip" | "zstd";

const CODECS = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  zstd: CompressionTypes.ZSTD,
} as const;

/** Error codes that one record brings upon all that travel with it. */
const REFUSALS = new Set(["MESSAGE_TOO_LARGE", "INVALID_TIMESTAMP", "INVALID_RECORD"]);

/** A chunk could not be sent; the `cause` says why. */
class NotSent extends Error {
  override readonly name = "NotSent";

  /** @param topic That of the chunk, which the cause may not name. */
  constructor(readonly topic: string, options: { cause: unknown }) {
    super(`Cannot send to the topic '${topic}'`, options);
  }
}

/** Some chunks hold a record that Kafka does not take. */
export class ChunksRefused extends Error {
  override readonly name = "ChunksRefused";

  /** @param kept Chunks that Kafka has and keeps, so that they are not to be sent again. */
  constructor(
    readonly reasons: ReadonlyMap<Chunk, string>,
    readonly kept: ReadonlySet<Chunk> = new Set(),
  ) {
    super("Kafka does not take some of the records");
  }
}

/**
 * Sends chunks: one `send` for each, which names its partition, since kafkajs doubles or drops
 * records where one send spans brokers. Chunks of one partition go one after another, partitions at
 * the same time; every answer is checked. Returns when all of them are acknowledged, and throws only
 * when none is under way any more.
 *
 * @throws {ChunksRefused} when nothing failed but records that Kafka refuses.
 */
export async function sendChunks(
  sender: Pick<Producer | Transaction, "send">,
  chunks: readonly Chunk[],
  compression: Compression,
): Promise<void> {
  const refused = new Map<Chunk, string>();
  const kept = new Set<Chunk>();
  const partitions = Map.groupBy(chunks, ({ topic, partition }) => `${topic}/${partition}`);
  const sends = [...partitions.values()].map(async (inOrder) => {
    for (const chunk of inOrder) {
      try {
        await sendChunk(sender, chunk, CODECS[compression]);
        kept.add(chunk);
      } catch (error) {
        const type = protocolErrorType(error);
        if (type === undefined || !REFUSALS.has(type)) throw error;
        refused.set(chunk, type);
        return;
      }
    }
  });
  const failure = (await Promise.allSettled(sends)).find(({ status }) => status === "rejected");
  if (failure?.status === "rejected") throw failure.reason;
  if (refused.size > 0) throw new ChunksRefused(refused, kept);
}

async function sendChunk(
  sender: Pick<Producer | Transaction, "send">,
  { topic, partition, messages }: Chunk,
  compression: (typeof CODECS)[Compression],
): Promise<void> {
  const sending = sender.send({
    topic,
    compression,
    // kafkajs hands them on, unread, to `produceRequest()`.
    messages: messages as readonly unknown[] as KafkaMessage[],
  });
  const answers = await sending.catch((cause) => {
    throw new NotSent(topic, { cause });
  });
  const [answer] = answers;
  if (answers.length !== 1 || answer?.partition !== partition || answer.errorCode !== 0) {
    throw new Error(
      `Kafka did not acknowledge partition ${partition} of '${topic}': ${JSON.stringify(answers)}`,
    );
  }
}

/**
 * Narrows refused chunks down: those of several records are halved, to be tried again; those of one
 * are left out, as are those that Kafka keeps.
 */
export function withoutRefused(
  chunks: readonly Chunk[],
  { reasons, kept }: ChunksRefused,
): { chunks: Chunk[]; refused: RefusedRecord[] } {
  const refused: RefusedRecord[] = [];
  const left = chunks.flatMap((chunk) => {
    if (kept.has(chunk)) return [];
    const reason = reasons.get(chunk);
    if (reason === undefined) return [chunk];
    if (chunk.records.length > 1) return halves(chunk);
    refused.push({ record: chunk.records[0]!, reason });
    return [];
  });
  return { chunks: left, refused };
}
