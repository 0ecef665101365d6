import { Buffer } from "node:buffer";
import { type Cluster, openCluster } from "../../../lib/kafka/client/cluster.ts";
import { Delivery } from "../../../lib/kafka/publish/delivery.ts";
import type { DeliveryOptions } from "../../../lib/kafka/publish/delivery_options.ts";
import type { Admin, Kafka, Transaction } from "../../../lib/kafka/client/kafkajs.ts";
import type { Batch } from "../../../lib/kafka/publish/publisher.ts";
import type { TopicSpec } from "../../../lib/kafka/admin/topics.ts";
import { makeTopic } from "./topic.ts";

/** A topic and a producer's name for one test. */
export interface Place {
  readonly cluster: Cluster;
  readonly topic: string;
  readonly group: string;
}

/** Creates a topic for a test. */
export async function newPlace(
  brokers: string,
  options: Partial<TopicSpec> = {},
): Promise<Place> {
  const topic = await makeTopic(brokers, options);
  const cluster = openCluster({ brokers: brokers.split(",") });
  return { cluster, topic, group: `wikitap.${topic}` };
}

/** Creates a publisher for a test. `await using` closes it. */
export function newDelivery(
  { cluster, topic, group }: Place,
  options: Partial<DeliveryOptions> = {},
): Delivery & AsyncDisposable {
  const delivery = new Delivery({
    cluster,
    delivery: "exactly-once",
    place: { group, topic },
    topics: [topic],
    ...options,
  });
  return Object.assign(delivery, { [Symbol.asyncDispose]: () => delivery.close() });
}

/** Returns a batch of the numbers from `from` to below `to`. The progress after it is `to`. */
export function batchOf({ topic }: Place, from: number, to: number): Batch {
  return {
    handled: to,
    position: { at: to },
    records: Array.from({ length: to - from }, (_, index) => ({
      topic,
      key: Buffer.from(`key-${from + index}`),
      value: Buffer.from(String(from + index)),
      timestamp: Date.now(),
    })),
  };
}

/** A signal that is never aborted. */
export const NEVER: AbortSignal = new AbortController().signal;

/** Returns the same cluster with changed transactions. */
export function withTransactions(
  cluster: Cluster,
  change: (transaction: Transaction) => Transaction,
): Cluster {
  return replacing(cluster, "producer", (producer) => {
    const begin = producer.transaction.bind(producer);
    producer.transaction = async () => change(await begin());
    return producer;
  });
}

/** Returns the same cluster with changed admin clients. */
export function withAdmins(cluster: Cluster, change: (admin: Admin) => Admin): Cluster {
  return replacing(cluster, "admin", change);
}

/** Returns the same cluster; `change` replaces one kind of clients. */
function replacing<K extends "producer" | "admin">(
  cluster: Cluster,
  kind: K,
  change: (client: ReturnType<Kafka[K]>) => ReturnType<Kafka[K]>,
): Cluster {
  const producing = new Proxy(cluster.producing, {
    get(kafka, key) {
      const value = Reflect.get(kafka, key, kafka);
      if (typeof value !== "function") return value;
      const method = value.bind(kafka);
      return key === kind ? (...args: unknown[]) => change(method(...args)) : method;
    },
  });
  return { ...cluster, producing };
}

/** A batch whose records are changed. */
export function changedBatch(batch: Batch, change: (index: number) => object): Batch {
  return { ...batch, records: batch.records.map((one, index) => ({ ...one, ...change(index) })) };
}
