import type { Cluster } from "../../client/cluster.ts";
import type { Producer } from "../../client/kafkajs.ts";

/**
 * Returns a producer of transactions, not connected yet. Partitions are chosen before it sends.
 *
 * @param transactionTimeout How long a transaction may be open, in ms.
 */
export function transactionalProducer(
  cluster: Cluster,
  transactionalId: string,
  transactionTimeout: number,
): Producer {
  return cluster.producing.producer({
    transactionalId,
    transactionTimeout,
    idempotent: true,
    allowAutoTopicCreation: false,
    createPartitioner: () => ({ message }) => message.partition!,
  });
}
