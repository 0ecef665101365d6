import { getLogger } from "@logtape/logtape";
import { UserError } from "../../shared/error.ts";
import type { Cluster } from "../client/cluster.ts";
import type { Admin } from "../client/kafkajs.ts";
import { offsetCommitter } from "../client/offsets.ts";
import type { Attempt } from "../errors/terms.ts";
import { askPatiently, fetchBounds } from "./bounds.ts";
import type { Offsets } from "./consumer_options.ts";
import { offsetMetadata, topicIdIn } from "./offset_metadata.ts";
import { type Bounds, PartitionMap, type TopicPartition } from "../topic_partition.ts";

/** The reader that the positions belong to. */
export interface PositionsOptions {
  /** The consumer group that stores them in Kafka. Default: they are only kept in memory. */
  readonly group: string | undefined;
  /** The ids of topics, committed with the offsets of a group. Unknown ids are missing. */
  readonly topicIds: ReadonlyMap<string, string>;
  /** Where to begin in each known partition, if it has no position yet. */
  readonly start: Offsets;
  /** Whether records beyond the end for readers of committed records may have been read. */
  readonly uncommitted: boolean;
}

/** How long a broker may report an end before the position, because it lags behind, in ms. */
const BEYOND_LIMIT_MS = 5000;

const logger = getLogger(["wikitap", "kafka"]);

/** Determines where a reader continues in each partition, and reports records that it missed. */
export class Positions {
  readonly #cluster: Cluster;
  readonly #attempt: Omit<Attempt, "cluster">;
  readonly #options: PositionsOptions;
  readonly #next: PartitionMap<bigint>;

  /** @param attempt Describes the work, for error messages. */
  constructor(cluster: Cluster, attempt: Omit<Attempt, "cluster">, options: PositionsOptions) {
    this.#cluster = cluster;
    this.#attempt = attempt;
    this.#options = options;
    this.#next = new PartitionMap(options.group === undefined ? options.start : []);
  }

  /** Returns the next offset of a partition; 0 if it is unknown. */
  next(at: TopicPartition): bigint {
    return this.#next.get(at) ?? 0n;
  }

  /** Notes the next offset of a partition. */
  moved(at: TopicPartition, next: bigint): void {
    this.#next.set(at, next);
  }

  /** Returns the metadata that is committed with each offset of a group in a topic. */
  metadata(topic: string): string {
    const topicId = this.#options.topicIds.get(topic);
    return topicId === undefined ? "" : offsetMetadata(topicId);
  }

  /** Forgets positions for a new membership: other members may have moved the offsets. */
  forget(): void {
    if (this.#options.group !== undefined) this.#next.clear();
  }

  /**
   * Commits a group's first offsets in topics. After that, a partition without an offset is new,
   * and is read from its beginning.
   */
  async begin(topics: readonly string[]): Promise<void> {
    const { group, start } = this.#options;
    if (group === undefined || topics.length === 0) return;
    const committer = offsetCommitter(this.#cluster.quick);
    try {
      await committer.connect();
      for (const [at, offset] of start) {
        if (!topics.includes(at.topic)) continue;
        await committer.commit({
          ...at,
          groupId: group,
          offset: String(offset),
          metadata: this.metadata(at.topic),
        });
      }
    } catch (error) {
      // Another member has just joined and has set the offsets: Kafka accepts them from members
      // only.
      logger.debug("Cannot set the first offsets of the group {group}: {error}", { group, error });
    } finally {
      await committer.disconnect();
    }
  }

  /** Returns the offsets to continue from in partitions; see `ConsumerOptions.locate`. */
  async locate(partitions: readonly TopicPartition[], signal: AbortSignal): Promise<Offsets> {
    const { group, topicIds } = this.#options;
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    const since = performance.now();
    return await askPatiently(this.#cluster, this.#attempt, signal, async (admin) => {
      const committed = group === undefined
        ? NONE
        : await fetchCommitted(admin, { topics, group, topicIds });
      const bounds = await fetchBounds(admin, partitions);
      const isLate = performance.now() - since > BEYOND_LIMIT_MS;
      const located = new PartitionMap<bigint>();
      for (const at of partitions) {
        const known = bounds.get(at);
        if (known === undefined) return undefined;
        const wanted = this.#next.get(at) ?? committed.get(at) ?? known.low;
        const isBeyond = wanted > known.high && !this.#options.uncommitted;
        if (isBeyond && !isLate) return undefined;
        if (isBeyond) throw beyondEnd(at, wanted, known);
        located.set(at, this.#within(at, wanted, known));
      }
      for (const [at, next] of located) this.#next.set(at, next);
      return located;
    });
  }

  #within({ topic, partition }: TopicPartition, wanted: bigint, { low }: Bounds): bigint {
    if (wanted >= low) return wanted;
    logger.warn(
      "Kafka has deleted {count} offsets of partition {partition} before they were read: continuing at offset {low}",
      { count: String(low - wanted), partition, low: String(low), topic },
    );
    return low;
  }
}

const NONE: Offsets = new PartitionMap();

const OTHER_GROUP = "Choose another --group, or omit it, to begin again";

/** A group and the topics that it reads. */
export interface GroupTopics {
  /** The names of the topics. */
  readonly topics: readonly string[];
  /** The name of the group. */
  readonly group: string;
  /** The current ids of the topics. Unknown ids are missing. */
  readonly topicIds: ReadonlyMap<string, string>;
}

/**
 * Fetches the offsets that a group has committed in topics. Partitions without one are missing.
 *
 * @throws {UserError} if they belong to a deleted topic of the same name.
 */
export async function fetchCommitted(
  admin: Pick<Admin, "fetchOffsets">,
  { topics, group, topicIds }: GroupTopics,
): Promise<Offsets> {
  const found = await admin.fetchOffsets({ groupId: group, topics: [...topics] });
  const committed = found.flatMap(({ topic, partitions }) =>
    partitions.filter(({ offset }) => Number(offset) >= 0).map((one) => ({ ...one, topic }))
  );
  for (const { topic, metadata } of committed) {
    const topicId = topicIds.get(topic);
    const committedId = topicIdIn(metadata);
    if (committedId === undefined || topicId === undefined || committedId === topicId) continue;
    throw new UserError(
      `Cannot resume in the topic '${topic}': it was deleted and created again after the group ` +
        `'${group}' read it`,
      { hint: OTHER_GROUP },
    );
  }
  return new PartitionMap(committed.map((one) => [one, BigInt(one.offset)]));
}

function beyondEnd(
  { topic, partition }: TopicPartition,
  wanted: bigint,
  { high }: Bounds,
): UserError {
  return new UserError(
    `Cannot resume in the topic '${topic}': partition ${partition} ends at offset ${high}, expected ${wanted} or higher`,
    {
      hint: `If the topic was deleted and created again: ${OTHER_GROUP}`,
    },
  );
}
