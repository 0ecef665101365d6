/** What the filter needs of a record as kafkajs decodes it. */
export interface FetchedRecord {
  readonly offset: string;
  readonly key: Uint8Array | null;
  readonly isControlRecord: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
}

/** One aborted transaction as the broker lists it with a fetch. */
export interface AbortedTransaction {
  readonly producerId: string;
  readonly firstOffset: string;
}

/** Type of a control record, the second int16 of its key (Kafka's `ControlRecordType`). */
const ABORT = 0;

/**
 * The records that belong to no aborted transaction, control records among them, in order. What a
 * read-committed consumer has to do itself: the broker only lists the transactions (KIP-98).
 *
 * The traps: brokers list transactions in the order of their *abort markers*, not of their first
 * records; one fetch can begin in the midst of several; and a record of a user may have the very
 * key of an abort marker.
 *
 * @param messages Records of one partition, by ascending offset.
 */
export function dropAborted<R extends FetchedRecord>(
  { messages, abortedTransactions }: {
    readonly messages: readonly R[];
    readonly abortedTransactions?: readonly AbortedTransaction[] | null;
  },
): R[] {
  if (!abortedTransactions || abortedTransactions.length === 0) return [...messages];
  const pending = abortedTransactions
    .map(({ producerId, firstOffset }) => ({ producerId, first: BigInt(firstOffset) }))
    .sort((a, b) => a.first < b.first ? -1 : a.first > b.first ? 1 : 0);
  /** Producers whose aborted transaction is open at the record in hand. */
  const aborting = new Set<string>();
  let next = 0;
  return messages.filter((message) => {
    const offset = BigInt(message.offset);
    while (next < pending.length && pending[next]!.first <= offset) {
      aborting.add(pending[next++]!.producerId);
    }
    const { producerId, inTransaction } = message.batchContext;
    if (isAbortMarker(message)) aborting.delete(producerId);
    return !(inTransaction && aborting.has(producerId));
  });
}

function isAbortMarker({ isControlRecord, key }: FetchedRecord): boolean {
  return isControlRecord && key !== null && key.length >= 4 &&
    new DataView(key.buffer, key.byteOffset, key.length).getInt16(2) === ABORT;
}
