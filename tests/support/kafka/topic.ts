import type { Edit } from "../../../lib/edits/message/edit.ts";
import { withAdmin } from "../../../lib/kafka/admin/with_admin.ts";
import { disconnect, openCluster } from "../../../lib/kafka/client/cluster.ts";
import { createTopics, type TopicSpec } from "../../../lib/kafka/admin/topics.ts";
import { until } from "../tools/until.ts";
import { uniqueTopic } from "./kafka.ts";

/** Creates a topic that keeps everything, and returns its name. */
export async function makeTopic(
  brokers: string,
  { topic = uniqueTopic(), partitions = 3, replicationFactor = 1, configs = new Map() }: Partial<
    TopicSpec
  > = {},
): Promise<string> {
  const keeping = new Map([["retention.ms", "-1"], ...configs]);
  await withAdmin(
    openCluster({ brokers: brokers.split(",") }),
    { action: "make a topic" },
    (admin) => createTopics(admin, [{ topic, partitions, replicationFactor, configs: keeping }]),
  );
  return topic;
}

/** Deletes a topic. Returns when its name is free. */
export async function deleteTopic(brokers: string, topic: string): Promise<void> {
  const cluster = openCluster({ brokers: brokers.split(",") });
  await withAdmin(cluster, { action: "delete a topic", topic }, async (admin) => {
    await admin.deleteTopics({ topics: [topic] });
    await until(async () => !(await admin.listTopics()).includes(topic));
  });
}

/** A topic of a test, with a producer. */
export class TestTopic implements AsyncDisposable {
  readonly name: string;
  readonly #producer;

  private constructor(name: string, bootstrapServers: string) {
    this.name = name;
    const { patient } = openCluster({ brokers: bootstrapServers.split(",") });
    // A partition of a new topic may reject a first attempt. Then kafkajs sends to all three again.
    this.#producer = patient.producer({ idempotent: true, maxInFlightRequests: 1 });
  }

  /** Creates a topic of three partitions. */
  static async create(bootstrapServers: string, topic = uniqueTopic()): Promise<TestTopic> {
    return await this.open(bootstrapServers, await makeTopic(bootstrapServers, { topic }));
  }

  /** Connects a producer for a topic that exists. */
  static async open(bootstrapServers: string, topic: string): Promise<TestTopic> {
    const opened = new TestTopic(topic, bootstrapServers);
    await opened.#producer.connect();
    return opened;
  }

  /**
   * Writes edits as the producer does by default. Returns when the broker has acknowledged them.
   */
  async publish(edits: readonly Edit[]): Promise<void> {
    await this.#send(edits.map((edit) => ({
      key: `${edit.domain}/${edit.title}`,
      value: JSON.stringify(edit),
      timestamp: String(Date.parse(edit.timestamp)),
    })));
  }

  /** Writes a record with any value. */
  async publishValue(value: string): Promise<void> {
    await this.#send([{ value }]);
  }

  async #send(messages: { key?: string; value: string; timestamp?: string }[]): Promise<void> {
    for (let from = 0; from < messages.length; from += 2000) {
      const part = messages.slice(from, from + 2000);
      await this.#producer.send({ topic: this.name, messages: part });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await disconnect(this.#producer);
  }
}
