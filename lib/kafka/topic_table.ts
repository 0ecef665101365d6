import { UserError } from "../error.ts";
import type { Admin } from "./kafkajs.ts";
import type { TopicLimits } from "./record.ts";
import { createTopics, partitionCounts, topicConfigs } from "./topics.ts";

/** `max.message.bytes` where the broker does not say. */
const DEFAULT_MAX_BYTES = 1_048_588;
/** How often partition counts are read again, in ms: partitions may be added while we run. */
const REFRESH_AFTER = 3 * 60_000;

/** How topics are made that do not exist yet. */
export interface NewTopics {
  readonly partitions: number;
  readonly replicationFactor: number;
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
   * it is old. To be called between batches: within one the partition of a key must not change.
   *
   * @throws {UserError} for a topic that does not exist; what kafkajs throws where it fails.
   */
  async load(admin: Admin, topics: Iterable<string>): Promise<void> {
    const isOld = Date.now() - this.#readAt > REFRESH_AFTER;
    const wanted = new Set(isOld ? this.#topics.keys() : []);
    for (const topic of topics) if (isOld || !this.#topics.has(topic)) wanted.add(topic);
    if (wanted.size === 0) return;
    for (const [topic, partitions] of await this.#partitions(admin, [...wanted])) {
      this.#topics.set(topic, { partitions, maxBytes: await maxBytesOf(admin, topic) });
    }
    if (isOld) this.#readAt = Date.now();
  }

  /** What a topic takes; it has to be loaded. */
  readonly limits = (topic: string): TopicLimits => {
    const limits = this.#topics.get(topic);
    if (limits === undefined) throw new Error(`The topic '${topic}' is not loaded`);
    return limits;
  };

  async #partitions(admin: Admin, topics: string[]): Promise<Map<string, number>> {
    const found = await partitionCounts(admin, topics);
    const missing = topics.filter((topic) => !found.has(topic));
    if (missing.length === 0) return found;
    if (this.#create === undefined) throw noTopics(missing);
    await createTopics(admin, missing.map((topic) => ({ topic, ...this.#create! })));
    for (const topic of missing) found.set(topic, this.#create.partitions);
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

function noTopics(topics: readonly string[]): UserError {
  const [first, ...others] = topics;
  const more = others.length === 0 ? "" : `, nor do ${others.length} others`;
  return new UserError(`The topic '${first}' does not exist${more}`, {
    hint: `Make it with 'deno task create-topic --topic ${first}', or give --create-topics`,
  });
}
