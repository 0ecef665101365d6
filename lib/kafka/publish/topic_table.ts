import { UserError } from "../../shared/error.ts";
import type { Admin } from "../client/kafkajs.ts";
import type { TopicLimits } from "./send/chunks.ts";
import { topicSettings } from "../admin/topic_settings.ts";
import { createTopics, partitionCounts } from "../admin/topics.ts";

/** The default of `max.message.bytes`, if the broker does not return it. */
const DEFAULT_MAX_BYTES = 1_048_588;
/**
 * The interval in ms after which partition counts are read again, since partitions may be added.
 */
const REFRESH_AFTER = 3 * 60_000;

/** How to create missing topics. */
export interface NewTopics {
  /** The number of partitions. */
  readonly partitions: number;
  /** The number of replicas. */
  readonly replicationFactor: number;
  /** A topic that must exist and is not created. */
  readonly except?: string | undefined;
}

/** The error if required topics do not exist and must not be created. */
export class NoTopics extends UserError {
  /** Creates it for the names of the missing topics. */
  constructor([first, ...others]: readonly string[]) {
    const more = others.length === 0 ? "" : `, nor do ${others.length} others`;
    super(`Cannot use the topic '${first}': it does not exist${more}`, {
      hint: `Create it with 'deno task create-topic --topic ${first}', or use --create-topics`,
    });
  }
}

/** The limits of the topics that are published to: read once, and again every few minutes. */
export class TopicTable {
  readonly #create: NewTopics | undefined;
  readonly #topics = new Map<string, TopicLimits>();
  #readAt = -Infinity;

  /** @param create How to create missing topics. Without it they are an error. */
  constructor(create?: NewTopics) {
    this.#create = create;
  }

  /**
   * Loads the limits of topics, and reads the whole table again if it is old; other topics that do
   * not exist any more are forgotten. Must be called between batches, or before all records of a
   * batch are sorted again: within a batch, the partition of a key must not change.
   *
   * @throws {NoTopics} for topics that do not exist. Failures of kafkajs are thrown unchanged.
   */
  async load(admin: Admin, topics: Iterable<string>): Promise<void> {
    const isOld = performance.now() - this.#readAt > REFRESH_AFTER;
    const needed = new Set(topics);
    const others = isOld ? new Set(this.#topics.keys()).difference(needed) : new Set<string>();
    const wanted = [...needed].filter((topic) => isOld || !this.#topics.has(topic));
    if (wanted.length + others.size === 0) return;
    const found = await partitionCounts(admin, [...wanted, ...others]);
    const missing = wanted.filter((topic) => !found.has(topic));
    const made = missing.length === 0 ? [] : await this.#make(admin, missing);
    for (const [topic, partitions] of [...found, ...made]) {
      this.#topics.set(topic, { partitions, maxBytes: await maxBytesOf(admin, topic) });
    }
    for (const topic of others) if (!found.has(topic)) this.#topics.delete(topic);
    if (isOld) this.#readAt = performance.now();
  }

  /** Makes the next `load()` read all topics again, because one of them was changed. */
  expire(): void {
    this.#readAt = -Infinity;
  }

  /** Returns the limits of a topic, which must be loaded. */
  readonly limits = (topic: string): TopicLimits => {
    const limits = this.#topics.get(topic);
    if (limits === undefined) throw new Error(`Cannot use the topic '${topic}': it is not loaded`);
    return limits;
  };

  /** Creates topics and returns their partition counts; another process may create them too. */
  async #make(admin: Admin, missing: readonly string[]): Promise<Map<string, number>> {
    if (this.#create === undefined) throw new NoTopics(missing);
    const { except, ...create } = this.#create;
    if (except !== undefined && missing.includes(except)) throw new NoTopics([except]);
    const areNew = await createTopics(admin, missing.map((topic) => ({ topic, ...create })));
    if (areNew) return new Map(missing.map((topic) => [topic, create.partitions]));
    const found = await partitionCounts(admin, missing);
    const unknown = missing.filter((topic) => !found.has(topic));
    if (unknown.length > 0) throw new NoTopics(unknown);
    return found;
  }
}

/** Returns `max.message.bytes`, or Kafka's default if it cannot be read. */
async function maxBytesOf(admin: Admin, topic: string): Promise<number> {
  const settings = await topicSettings(admin, topic).catch(() => undefined);
  return settings?.maxBytes ?? DEFAULT_MAX_BYTES;
}
