import { UserError } from "../../shared/error.ts";
import type { Admin } from "../client/kafkajs.ts";
import type { TopicLimits } from "./chunks.ts";
import { createTopics, partitionCounts, topicConfigs } from "../admin/topics.ts";

/** `max.message.bytes` where the broker does not say. */
const DEFAULT_MAX_BYTES = 1_048_588;
/** How often partition counts are read again, in ms: partitions may be added while we run. */
const REFRESH_AFTER = 3 * 60_000;

/** How topics are made that do not exist yet. */
export interface NewTopics {
  readonly partitions: number;
  readonly replicationFactor: number;
  /** One that has to be there, and is not made. */
  readonly except?: string | undefined;
}

/** Topics that are needed are not there, and not to be made. */
export class NoTopics extends UserError {
  override readonly name = "NoTopics";

  constructor([first, ...others]: readonly string[]) {
    const more = others.length === 0 ? "" : `, nor do ${others.length} others`;
    super(`The topic '${first}' does not exist${more}`, {
      hint: `Make it with 'deno task create-topic --topic ${first}', or give --create-topics`,
    });
  }
}

/** What the topics take that are published to: read once, and again every few minutes. */
export class TopicTable {
  readonly #create: NewTopics | undefined;
  readonly #topics = new Map<string, TopicLimits>();
  #readAt = 0;

  /** @param create Makes missing topics; without it they are an error. */
  constructor(create?: NewTopics) {
    this.#create = create;
  }

  /**
   * Makes sure that the table knows these topics and that they exist, and reads all of it again when
   * it is old; others that are gone by then are forgotten. To be called between batches: within one
   * the partition of a key must not change.
   *
   * @throws {NoTopics} for topics that do not exist; what kafkajs throws where it fails.
   */
  async load(admin: Admin, topics: Iterable<string>): Promise<void> {
    const isOld = Date.now() - this.#readAt > REFRESH_AFTER;
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
    if (isOld) this.#readAt = Date.now();
  }

  /** Makes the next `load()` read all topics again: one of them was changed. */
  expire(): void {
    this.#readAt = 0;
  }

  /** What a topic takes; it has to be loaded. */
  readonly limits = (topic: string): TopicLimits => {
    const limits = this.#topics.get(topic);
    if (limits === undefined) throw new Error(`The topic '${topic}' is not loaded`);
    return limits;
  };

  /** How many partitions the topics have then, which somebody else may have made at the same time. */
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

/** Without the right to describe configs, which a producer may lack, it is Kafka's default. */
async function maxBytesOf(admin: Admin, topic: string): Promise<number> {
  try {
    const configs = await topicConfigs(admin, topic, { names: ["max.message.bytes"] });
    return Number(configs.get("max.message.bytes")) || DEFAULT_MAX_BYTES;
  } catch {
    return DEFAULT_MAX_BYTES;
  }
}
