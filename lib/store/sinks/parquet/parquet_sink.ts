import { z } from "zod";
import { UserError } from "../../../shared/error.ts";
import type { ParquetAddress } from "../../address.ts";
import {
  type Advice,
  checkSameTopic,
  type Claim,
  type ClaimedPartition,
  type ClaimRequest,
  type Sink,
  type SinkBatch,
  type TopicName,
  type WriteOutcome,
} from "../../sink.ts";
import { directoryFailure } from "./directory_failure.ts";
import { createOnce, exists, makeDirectory, namesIn } from "./disk.ts";
import { PARQUET_DEFAULTS, type ParquetOptions } from "./options.ts";
import { HeldPartition, type PartitionSource } from "./partition.ts";
import { type Entry, PartitionLog } from "./partition_log.ts";
import { TaskQueue } from "../../../shared/task_queue.ts";

/** The folder of everything that is not for readers; engines ignore such names. */
const STATE = "_wikitap";
const VERSION = 1;

/** The size of all rows in memory at which they are written to their files, in bytes. */
const MAX_PENDING_BYTES = 32 * 1024 * 1024;

/** The maximum length of the topic's part of a file name: file systems allow 255. */
const MAX_LABEL = 150;

const databaseSchema = z.object({ id: z.string(), version: z.int() });
const topicSchema = z.object({
  clusterId: z.string(),
  topic: z.string(),
  kafkaId: z.string().nullable(),
});

/**
 * Opens a directory for Parquet files, which is created if it does not exist.
 *
 * @throws {UserError} for a directory that cannot be used, or that has Parquet files of other
 * programs.
 */
export async function openParquetSink(
  { directory }: ParquetAddress,
  options: Partial<ParquetOptions> = {},
): Promise<Sink> {
  try {
    await makeDirectory(directory);
    const databaseId = await prepare(directory);
    return new ParquetSink(directory, databaseId, { ...PARQUET_DEFAULTS, ...options });
  } catch (error) {
    throw directoryFailure(error, directory);
  }
}

/** Returns the directory's own id, which is created at the first start. */
async function prepare(directory: string): Promise<string> {
  const file = `${directory}/${STATE}/database.json`;
  if (!await exists(file)) {
    const foreign = (await namesIn(directory)).find((name) => /^date=|\.parquet$/.test(name));
    if (foreign !== undefined) {
      throw new UserError(
        `Cannot use the directory '${directory}': it has '${foreign}', which is not from wikitap`,
        { hint: "Choose an empty directory, or a new one, with --database" },
      );
    }
    await makeDirectory(`${directory}/${STATE}`);
    await createOnce(file, JSON.stringify({ id: crypto.randomUUID(), version: VERSION }));
  }
  const { id, version } = await readJson(file, databaseSchema);
  if (version > VERSION) {
    throw new UserError(
      `Cannot use files of version ${version}: expected at most version ${VERSION}`,
      { hint: "Use the version of wikitap that created them, or a later one" },
    );
  }
  return id;
}

async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  try {
    return schema.parse(JSON.parse(await Deno.readTextFile(file)));
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof z.ZodError)) throw cause;
    throw new UserError(`Cannot read '${file}': it is not a file of wikitap`, {
      hint: "Restore the directory from a copy, or store into a new one",
      cause,
    });
  }
}

/** A topic of the directory. */
interface StoredTopic extends TopicName {
  readonly number: number;
}

class ParquetSink implements Sink {
  /** Encoding uses one core; a second batch is read and decoded meanwhile. */
  readonly concurrency = 2;
  readonly databaseId: string;
  readonly advice: Advice;
  readonly #directory: string;
  readonly #options: ParquetOptions;
  readonly #topics = new Map<number, StoredTopic & { readonly label: string }>();
  readonly #partitions = new Map<string, HeldPartition>();
  /** The pending claims of each partition. */
  readonly #claims = new Map<string, TaskQueue>();

  constructor(directory: string, databaseId: string, options: ParquetOptions) {
    this.#directory = directory;
    this.databaseId = databaseId;
    this.#options = options;
    const state = `${directory}/${STATE}`;
    this.advice = {
      dropTopic: (topicId) =>
        `rm -r ${state}/${topicId} ${state}/topics/${topicId}.json, and the files of the topic`,
      skipTo: (topicId, partition) => `rm -r ${state}/${topicId}/${partition}`,
    };
  }

  addTopic(wanted: TopicName): Promise<number> {
    return this.#guard(async () => {
      await makeDirectory(this.#topicsFolder);
      while (true) {
        const known = await this.#storedTopics();
        const found = known.find(({ clusterId, topic }) =>
          clusterId === wanted.clusterId && topic === wanted.topic
        );
        if (found !== undefined) {
          checkSameTopic(wanted, { topicId: found.number, kafkaId: found.kafkaId }, this.advice);
          this.#topics.set(found.number, { ...found, label: labelOf(found, known) });
          return found.number;
        }
        const number = 1 + Math.max(0, ...known.map(({ number }) => number));
        const text = JSON.stringify(wanted);
        await createOnce(`${this.#topicsFolder}/${number}.json`, text);
      }
    });
  }

  /**
   * Waits for earlier claims of the partition, which the caller may have abandoned: one that ended
   * later would drop the rows that are accepted meanwhile.
   */
  claim(wanted: ClaimRequest): Promise<Claim> {
    const key = `${wanted.topicId}/${wanted.partition}`;
    const claims = this.#claims.get(key) ?? new TaskQueue();
    this.#claims.set(key, claims);
    return this.#guard(() => claims.run(() => this.#claim(key, wanted)));
  }

  async #claim(key: string, { topicId, partition, group, first }: ClaimRequest): Promise<Claim> {
    // Rows that this process has accepted and still holds need not be read again.
    await this.#partitions.get(key)?.flush(false);
    const source = this.#sourceOf(topicId, partition);
    const log = new PartitionLog(this.#directory, await this.#folderOf(topicId, partition));
    while (true) {
      const newest = await log.newest();
      if (newest !== undefined) await log.settle(newest.entry);
      const number = (newest?.number ?? -1) + 1;
      const next = newest?.entry.next ?? first;
      const entry: Entry = { id: crypto.randomUUID(), group, epoch: number, next, files: [] };
      if (!await log.append(number, entry)) continue;
      await log.clean(number, number);
      const held = new HeldPartition(source, log, { number, entry }, this.#options);
      this.#partitions.set(key, held);
      return { topicId, partition, next, epoch: BigInt(number) };
    }
  }

  write(batch: SinkBatch): Promise<WriteOutcome> {
    return this.#guard(async () => {
      const { topicId, partition } = batch.claim;
      const held = this.#partitions.get(`${topicId}/${partition}`);
      if (held === undefined) {
        throw new Error(`Cannot write partition ${partition}: it is not claimed`);
      }
      const outcome = await held.write(batch);
      const pending = [...this.#partitions.values()].reduce(
        (sum, one) => sum + one.pendingBytes,
        0,
      );
      if (pending > MAX_PENDING_BYTES) await held.spill();
      return outcome;
    });
  }

  flush(
    { onlyDue = false }: { readonly onlyDue?: boolean } = {},
  ): Promise<readonly ClaimedPartition[]> {
    return this.#guard(async () => {
      const dropped: ClaimedPartition[] = [];
      for (const [key, held] of this.#partitions) {
        const [topicId, partition] = key.split("/").map(Number) as [number, number];
        if (await held.flush(onlyDue)) dropped.push({ topicId, partition });
      }
      return dropped;
    });
  }

  /** Closes nothing: accepted rows that were not flushed are read again by the next member. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#partitions.clear();
    return Promise.resolve();
  }

  get #topicsFolder(): string {
    return `${this.#directory}/${STATE}/topics`;
  }

  async #folderOf(topicId: number, partition: number): Promise<string> {
    const folder = `${this.#directory}/${STATE}/${topicId}`;
    await makeDirectory(folder);
    return `${folder}/${partition}`;
  }

  #sourceOf(topicId: number, partition: number): PartitionSource {
    const known = this.#topics.get(topicId);
    if (known === undefined) throw new Error(`Cannot use topic ${topicId}: it is not added`);
    const { topic, clusterId, label } = known;
    return { topic, clusterId, label, partition };
  }

  async #storedTopics(): Promise<StoredTopic[]> {
    const topics: StoredTopic[] = [];
    for (const name of await namesIn(this.#topicsFolder)) {
      const number = /^(\d+)\.json$/.exec(name)?.[1];
      if (number === undefined) continue;
      const topic = await readJson(`${this.#topicsFolder}/${name}`, topicSchema);
      topics.push({ ...topic, number: Number(number) });
    }
    return topics;
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw directoryFailure(error, this.#directory);
    }
  }
}

/** Returns the start of a topic's file names, with its number for topics of the same name. */
function labelOf({ topic, number }: StoredTopic, all: readonly StoredTopic[]): string {
  const isFirst = all.every((other) => other.topic !== topic || other.number >= number);
  return isFirst && topic.length <= MAX_LABEL ? topic : `${topic.slice(0, MAX_LABEL)}~${number}`;
}
