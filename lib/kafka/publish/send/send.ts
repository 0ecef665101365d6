import { errorChain, NamedError } from "../../../shared/error.ts";
import { protocolErrorType } from "../../errors/explain.ts";
import {
  CompressionTypes,
  type Message as KafkaMessage,
  type Producer,
  type Transaction,
} from "../../client/kafkajs.ts";
import type { PartitionAnswer, RecordError } from "../../wire/produce_response.ts";
import type { Chunk } from "./chunks.ts";

/** The compression of records in requests and on the brokers' disks. */
export type Compression = "none" | "gzip" | "snappy" | "lz4" | "zstd";

const CODECS = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
} as const;

/**
 * Error codes that a single record can cause, and that then fail its whole batch. Each can also be
 * a condition that holds for every record of the topic: see `rejection.ts`.
 */
const REJECTIONS = new Set([
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "INVALID_TIMESTAMP",
  "INVALID_RECORD",
]);

/** Consecutive rejections after which an attempt leaves the rest of a partition unsent. */
const MAX_REJECTIONS = 20;

/** The reason of a broker for rejecting a chunk. */
export interface ChunkRejection {
  /** Kafka's name of the error: `INVALID_TIMESTAMP`. */
  readonly type: string;
  /** The records at fault; empty if the broker does not name them. */
  readonly recordErrors: readonly RecordError[];
}

/** The error if a chunk could not be sent; the `cause` has the reason. */
class NotSent extends NamedError {
  /** @param topic The topic of the chunk, which the cause may not name. */
  constructor(readonly topic: string, options: { cause: unknown }) {
    super(`Cannot send to the topic '${topic}'`, options);
  }
}

/**
 * The error if kafkajs reports success without an answer of the partition. The partition moved
 * meanwhile (kafkajs issue 1303), or its topic was deleted and created again without it.
 */
export class Unacknowledged extends NamedError {
  /** Creates it with the answers that came instead. */
  constructor({ topic, partition }: Chunk, answers: readonly unknown[]) {
    super(
      `Cannot send to the topic '${topic}': Kafka did not acknowledge partition ${partition}: ` +
        JSON.stringify(answers),
    );
  }
}

/** The error if brokers rejected some of the chunks. */
export class ChunksRejected extends NamedError {
  /**
   * @param rejections The rejected chunks with the reasons.
   * @param accepted The chunks that brokers accepted.
   * @param areKept Whether those stay in the topic, so that they must not be sent again.
   */
  constructor(
    readonly rejections: ReadonlyMap<Chunk, ChunkRejection>,
    readonly accepted: ReadonlySet<Chunk>,
    readonly areKept: boolean,
  ) {
    super("Kafka rejected some of the records");
  }

  /** Whether a chunk of several records is too large although it is within the known limit. */
  get isTooLarge(): boolean {
    return this.rejections.entries().some(([{ records }, { type }]) =>
      records.length > 1 && type.endsWith("_TOO_LARGE")
    );
  }
}

/** How chunks are sent. */
export interface SendOptions {
  /** The compression of record batches. */
  readonly compression: Compression;
  /** Called with the delay, in ms, that a broker imposes on the producer because of a quota. */
  readonly onThrottle: (ms: number) => void;
  /**
   * Whether the chunks belong to a transaction. A rejection aborts it, so more chunks are sent, to
   * find many rejections at once. Without a transaction, a partition stops at its first rejected
   * chunk of several records, to keep the order of its records.
   */
  readonly inTransaction: boolean;
}

/**
 * Sends chunks. Each has a `send` of its own, which names its partition, since kafkajs duplicates
 * or drops records if one send spans brokers. Chunks of one partition are sent one after another,
 * partitions at the same time. Every answer is checked. It settles only when no send is pending.
 *
 * @returns The offset of the first record of each chunk.
 * @throws {ChunksRejected} if the only failures are chunks that brokers rejected.
 * @throws the first other failure.
 */
export async function sendChunks(
  sender: Pick<Producer | Transaction, "send">,
  chunks: readonly Chunk[],
  options: SendOptions,
): Promise<ReadonlyMap<Chunk, bigint>> {
  const rejections = new Map<Chunk, ChunkRejection>();
  const accepted = new Map<Chunk, bigint>();
  const partitions = Map.groupBy(chunks, ({ topic, partition }) => `${topic}/${partition}`);
  const sends = [...partitions.values()].map(async (inOrder) => {
    let inRow = 0;
    for (const chunk of inOrder) {
      try {
        accepted.set(chunk, await sendChunk(sender, chunk, options));
        inRow = 0;
      } catch (error) {
        const type = protocolErrorType(error);
        if (type === undefined || !REJECTIONS.has(type)) throw error;
        rejections.set(chunk, { type, recordErrors: recordErrorsOf(error) });
        if (!options.inTransaction && chunk.records.length > 1) return;
        if (++inRow === MAX_REJECTIONS) return;
      }
    }
  });
  const failure = (await Promise.allSettled(sends)).find(({ status }) => status === "rejected");
  if (failure?.status === "rejected") throw failure.reason;
  if (rejections.size === 0) return accepted;
  throw new ChunksRejected(rejections, new Set(accepted.keys()), !options.inTransaction);
}

async function sendChunk(
  sender: Pick<Producer | Transaction, "send">,
  chunk: Chunk,
  { compression, onThrottle }: SendOptions,
): Promise<bigint> {
  const { topic, partition, messages } = chunk;
  const sending = sender.send({
    topic,
    compression: CODECS[compression],
    // kafkajs passes them unread to `produceRequest()`.
    messages: messages as readonly unknown[] as KafkaMessage[],
  });
  const answers = await sending.catch((cause) => {
    throw new NotSent(topic, { cause });
  });
  const [answer] = answers as Partial<PartitionAnswer>[];
  if (answers.length !== 1 || answer?.partition !== partition || answer.errorCode !== 0) {
    throw new Unacknowledged(chunk, answers);
  }
  if (answer.throttleMs) onThrottle(answer.throttleMs);
  return BigInt(answer.baseOffset ?? -1);
}

/** Returns the record errors that `patches.ts` adds to the error of a Produce response. */
function recordErrorsOf(error: unknown): readonly RecordError[] {
  const [found] = errorChain(error).filter((one) => "recordErrors" in one);
  return found?.recordErrors as readonly RecordError[] ?? [];
}
