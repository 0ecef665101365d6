import { getLogger } from "@logtape/logtape";
import { UserError } from "../../shared/error.ts";
import type { Cluster } from "../client/cluster.ts";
import type { Admin } from "../client/kafkajs.ts";
import { offsetCommitter } from "../client/offsets.ts";
import type { Attempt } from "../errors/terms.ts";
import { askPatiently, type Bounds, fetchBounds } from "./bounds.ts";
import type { Offsets } from "./consumer_options.ts";
import { offsetMetadata, topicIdIn } from "./offset_metadata.ts";

/** Whose positions these are. */
export interface PositionsOptions {
  readonly topic: string;
  /** The consumer group that keeps them in Kafka. Default: they are kept here only. */
  readonly group: string | undefined;
  /** The id of the topic, committed with the offsets of a group. Default: it is not known. */
  readonly topicId?: string | undefined;
  /** By partition that is known, where to begin if there is no position yet. */
  readonly start: Offsets;
  /** Whether records beyond the end for readers of committed records may have been read. */
  readonly uncommitted: boolean;
}

/** How long an end before what was read may be a broker's that does not know better yet (ms). */
const BEYOND_LIMIT_MS = 5000;

const logger = getLogger(["wikitap", "kafka"]);

/** Where a reader goes on in each partition, and what happened to the records that it missed. */
export class Positions {
  readonly #cluster: Cluster;
  readonly #attempt: Omit<Attempt, "cluster">;
  readonly #options: PositionsOptions;
  readonly #next: Map<number, bigint>;

  /** @param attempt For the words of a failure. */
  constructor(cluster: Cluster, attempt: Omit<Attempt, "cluster">, options: PositionsOptions) {
    this.#cluster = cluster;
    this.#attempt = attempt;
    this.#options = options;
    this.#next = new Map(options.group === undefined ? options.start : []);
  }

  /** The offset that comes next in a partition; 0 if nothing is known of it. */
  next(partition: number): bigint {
    return this.#next.get(partition) ?? 0n;
  }

  moved(partition: number, next: bigint): void {
    this.#next.set(partition, next);
  }

  /** What is committed with each offset of a group. */
  get metadata(): string {
    const { topicId } = this.#options;
    return topicId === undefined ? "" : offsetMetadata(topicId);
  }

  /** For a new member of the group: the others may have moved the offsets. */
  forget(): void {
    if (this.#options.group !== undefined) this.#next.clear();
  }

  /**
   * Gives a group its first offsets. From then on a partition without one is new, and is read from its
   * beginning. A group that has an offset in any partition is left as it is.
   */
  async begin(committed: Offsets): Promise<void> {
    const { topic, group, start } = this.#options;
    if (group === undefined || committed.size > 0) return;
    const committer = offsetCommitter(this.#cluster.quick);
    try {
      await committer.connect();
      for (const [partition, offset] of start) {
        await committer.commit({
          groupId: group,
          topic,
          partition,
          offset: String(offset),
          metadata: this.metadata,
        });
      }
    } catch (error) {
      // Another member has just come: Kafka takes offsets from members only, and it has set them.
      logger.debug("Cannot set the first offsets of the group {group}: {error}", { group, error });
    } finally {
      await committer.disconnect();
    }
  }

  /** Says where to go on in partitions; see `ConsumerOptions.locate`. */
  async locate(partitions: readonly number[], signal: AbortSignal): Promise<Offsets> {
    const { topic, group, topicId } = this.#options;
    const since = performance.now();
    return await askPatiently(this.#cluster, this.#attempt, signal, async (admin) => {
      const committed = group === undefined
        ? NONE
        : await fetchCommitted(admin, { topic, group, topicId });
      const bounds = await fetchBounds(admin, topic);
      const isLate = performance.now() - since > BEYOND_LIMIT_MS;
      const located = new Map<number, bigint>();
      for (const partition of partitions) {
        const known = bounds.get(partition);
        if (known === undefined) return undefined;
        const wanted = this.#next.get(partition) ?? committed.get(partition) ?? known.low;
        const isBeyond = wanted > known.high && !this.#options.uncommitted;
        if (isBeyond && !isLate) return undefined;
        if (isBeyond) throw beyondEnd(topic, partition, wanted, known);
        located.set(partition, this.#within(partition, wanted, known));
      }
      for (const [partition, next] of located) this.#next.set(partition, next);
      return located;
    });
  }

  #within(partition: number, wanted: bigint, { low }: Bounds): bigint {
    if (wanted >= low) return wanted;
    logger.warn(
      "Kafka has deleted {count} offsets of partition {partition} before they were read: going on at offset {low}",
      { count: String(low - wanted), partition, low: String(low), topic: this.#options.topic },
    );
    return low;
  }
}

const NONE: Offsets = new Map();

const OTHER_GROUP = "Give another --group, or none: it begins anew";

/** A group and the topic that it reads. */
export interface GroupTopic {
  readonly topic: string;
  readonly group: string;
  /** The id that the topic has now; `undefined`: it is not known. */
  readonly topicId: string | undefined;
}

/**
 * Fetches the offsets that a group has committed in a topic; none for partitions without one.
 *
 * @throws {UserError} if they are of a topic that had the same name, and was deleted.
 */
export async function fetchCommitted(
  admin: Pick<Admin, "fetchOffsets">,
  { topic, group, topicId }: GroupTopic,
): Promise<Offsets> {
  const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  const committed = found?.partitions.filter(({ offset }) => Number(offset) >= 0) ?? [];
  for (const { metadata } of committed) {
    const committedId = topicIdIn(metadata);
    if (committedId === undefined || topicId === undefined || committedId === topicId) continue;
    throw new UserError(
      `Cannot go on in the topic '${topic}': it was deleted and created again after the group ` +
        `'${group}' read it`,
      { hint: OTHER_GROUP },
    );
  }
  return new Map(committed.map(({ partition, offset }) => [partition, BigInt(offset)]));
}

function beyondEnd(topic: string, partition: number, wanted: bigint, { high }: Bounds): UserError {
  return new UserError(
    `Cannot go on in the topic '${topic}': partition ${partition} ends at offset ${high}, and ${wanted} comes next`,
    {
      hint: `If the topic was deleted and created again: ${OTHER_GROUP}`,
    },
  );
}
