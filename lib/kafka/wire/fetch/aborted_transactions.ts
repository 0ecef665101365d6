/** One aborted transaction as the broker lists it with a fetch. */
export interface AbortedTransaction {
  /** In digits. */
  readonly producerId: string;
  /** In digits. */
  readonly firstOffset: string;
}

/** What is needed of a record batch to know whether its transaction was aborted. */
export interface TransactionalBatch {
  readonly lastOffset: number;
  readonly producerId: string;
  readonly isTransactional: boolean;
}

/**
 * Tells which batches belong to aborted transactions. A read-committed consumer has to do this
 * itself: the broker only lists the transactions (KIP-98). All records of a batch have one fate.
 *
 * The traps: brokers list transactions in the order of their *abort markers*, not of their first
 * records; and one fetch can begin inside several.
 */
export class AbortedTransactions {
  readonly #pending: readonly { readonly producerId: string; readonly first: number }[];
  #next = 0;
  /** Producers whose aborted transaction is open at the batch in hand. */
  readonly #aborting = new Set<string>();

  /** @param list As the broker sent it; none for a reader of uncommitted records. */
  constructor(list: readonly AbortedTransaction[] | null | undefined) {
    this.#pending = (list ?? [])
      .map(({ producerId, firstOffset }) => ({ producerId, first: Number(firstOffset) }))
      .sort((a, b) => a.first - b.first);
  }

  /** Whether a batch is of an aborted transaction. Has to be asked in the order of the offsets. */
  has({ lastOffset, producerId, isTransactional }: TransactionalBatch): boolean {
    while (this.#next < this.#pending.length && this.#pending[this.#next]!.first <= lastOffset) {
      this.#aborting.add(this.#pending[this.#next++]!.producerId);
    }
    return isTransactional && this.#aborting.has(producerId);
  }

  /** The abort marker of a producer came: what follows is of its next transaction. */
  end(producerId: string): void {
    this.#aborting.delete(producerId);
  }
}
