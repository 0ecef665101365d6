import type { Edit } from "../../../lib/edits/message/edit.ts";
import { openCluster } from "../../../lib/kafka/client/cluster.ts";
import type { Message, Producer } from "../../../lib/kafka/client/kafkajs.ts";

/** Returns the nine fields of an edit, which differ for different numbers. */
export function editOf(number: number, changes: Partial<Edit> = {}): Edit {
  return {
    id: number,
    domain: `${["en", "de", "ja"][number % 3]}.wikipedia.org`,
    namespace: "main namespace",
    title: `Page ${number % 1000}`,
    timestamp: new Date(timeOf(number)).toISOString(),
    user_name: `User ${number % 100}`,
    user_type: number % 4 === 0 ? "bot" : "human",
    old_length: 1000,
    new_length: 1000 + number % 50 - 10,
    ...changes,
  };
}

/** Returns the time of the edit with a number, in ms: a second after the previous one. */
export function timeOf(number: number): number {
  return Date.UTC(2026, 0, 1) + number * 1000;
}

/** Returns messages with edits, for the partitions in turn. */
export function editMessages(first: number, count: number, partitions = 1): Message[] {
  return Array.from({ length: count }, (_, index) => ({
    partition: index % partitions,
    timestamp: String(timeOf(first + index)),
    value: JSON.stringify(editOf(first + index)),
  }));
}

/** Publishes messages in one transaction, which is committed or, with `abort`, aborted. */
export async function publish(
  brokers: string,
  topic: string,
  messages: readonly Message[],
  { abort = false } = {},
): Promise<void> {
  await using publisher = await openPublisher(brokers);
  await publisher.publish(topic, messages, { abort });
}

/** Returns the numbers from `first` to below `end`, as of edits in a row. */
export function range(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, index) => first + index);
}

/**
 * A transactional producer for several transactions. It fences earlier ones with the same id.
 *
 * @param transactionTimeout How long a transaction may be open, in ms.
 */
export async function openPublisher(
  brokers: string,
  transactionalId: string = crypto.randomUUID(),
  transactionTimeout = 30_000,
) {
  const producer: Producer = openCluster({ brokers: brokers.split(",") }).patient.producer({
    transactionalId,
    transactionTimeout,
    idempotent: true,
    maxInFlightRequests: 1,
    retry: { initialRetryTime: 20, maxRetryTime: 1000, retries: 100 },
  });
  await producer.connect();
  return {
    /** Begins a transaction, which the caller ends. */
    begin: () => producer.transaction(),
    async publish(topic: string, messages: readonly Message[], { abort = false } = {}) {
      const transaction = await producer.transaction();
      // One send per partition: kafkajs may duplicate records if a send spans several brokers.
      for (const list of Map.groupBy(messages, ({ partition }) => partition).values()) {
        await transaction.send({ topic, messages: list });
      }
      await (abort ? transaction.abort() : transaction.commit());
    },
    [Symbol.asyncDispose]: () => producer.disconnect(),
  };
}
