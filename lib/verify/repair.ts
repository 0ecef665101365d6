import type { Cluster } from "../kafka/client/cluster.ts";
import { RecordTransactions } from "../kafka/publish/record_transactions.ts";
import type { ProducerRecord } from "../shared/producer_record.ts";
import { REPAIRED_HEADER } from "./comparison.ts";
import { stopped } from "./source.ts";

/** The maximum records of one transaction, and bytes of their values. */
const BATCH = { records: 1000, bytes: 4 * 1024 * 1024 };

/** Options of {@linkcode repair}. */
export interface RepairOptions {
  /** The cluster that has the topics. */
  readonly cluster: Cluster;
  /** The name of the producer. The transactional id is `<name>.repair`. */
  readonly name: string;
  /** The lost records, in upstream's order. */
  readonly lost: readonly ProducerRecord[];
  /** Ends the repair after the transaction in progress. */
  readonly stop: AbortSignal;
  /** The time of the repair, for the header of each record. */
  readonly at: Date;
  /** Called after each transaction with the number of records that are published. */
  readonly onPublished?: (count: number) => void;
}

/**
 * Publishes lost records, in one transaction per 1,000, each with the header `wikitap-repaired`.
 *
 * @throws {UserError} if Kafka cannot be used, or after `stop`. The records that `onPublished`
 * reported are published.
 */
export async function repair(options: RepairOptions): Promise<void> {
  const { cluster, name, lost, stop, at, onPublished } = options;
  const mark = new TextEncoder().encode(at.toISOString());
  await using transactions = await RecordTransactions.open(cluster, `${name}.repair`);
  for (let from = 0; from < lost.length;) {
    if (stop.aborted) throw stopped();
    const batch = lost.slice(from, endOfBatch(lost, from));
    await transactions.publish(
      batch.map((record) => ({
        ...record,
        headers: { ...record.headers, [REPAIRED_HEADER]: mark },
      })),
    );
    from += batch.length;
    onPublished?.(from);
  }
}

function endOfBatch(records: readonly ProducerRecord[], from: number): number {
  let bytes = 0;
  let end = from;
  while (end < records.length && end - from < BATCH.records && bytes < BATCH.bytes) {
    bytes += records[end++]!.value.length;
  }
  return end;
}
