/** An aborted transaction in the list that the broker sends with a fetch. */
export interface AbortedTransaction {
  /** The id of its producer, in digits. */
  readonly producerId: string;
  /** The offset of its first record, in digits. */
  readonly firstOffset: string;
}

/** The fields of a record batch that decide whether its transaction was aborted. */
export interface TransactionalBatch {
  /** The last offset of the batch. */
  readonly lastOffset: number;
  /** The id of its producer, in digits. */
  readonly producerId: string;
  /** Whether the batch belongs to a transaction. */
  readonly isTransactional: boolean;
}

/**
 * Determines which batches belong to aborted transactions. A read-committed consumer has to do this
 * itself: the broker only lists the transactions (KIP-98). A batch belongs to one transaction.
 *
 * The traps: brokers list transactions in the order of their *abort markers*, not of their first
 * records; and one fetch can begin inside several transactions.
 */
export class AbortedTransactions {
  readonly #pending: readonly { readonly producerId: string; readonly first: number }[];
  #next = 0;
  /** Producers whose aborted transaction is open at the current batch. */
  readonly #aborting = new Set<string>();

  /** @param list The broker's list; none for a reader of uncommitted records. */
  constructor(list: readonly AbortedTransaction[] | null | undefined) {
    this.#pending = (list ?? [])
      .map(({ producerId, firstOffset }) => ({ producerId, first: Number(firstOffset) }))
      .sort((a, b) => a.first - b.first);
  }

  /** Returns whether a batch belongs to an aborted transaction. Must be called in offset order. */
  has({ lastOffset, producerId, isTransactional }: TransactionalBatch): boolean {
    while (this.#next < this.#pending.length && this.#pending[this.#next]!.first <= lastOffset) {
      this.#aborting.add(this.#pending[this.#next++]!.producerId);
    }
    return isTransactional && this.#aborting.has(producerId);
  }

  /** Handles the abort marker of a producer: what follows belongs to its next transaction. */
  end(producerId: string): void {
    this.#aborting.delete(producerId);
  }
}
