import type { SimulatedMessage } from "./protocol.ts";

/** One record batch, or the marker that ends a transaction. */
interface Written {
  readonly producerId: number;
  readonly isTransactional: boolean;
  readonly messages: readonly SimulatedMessage[];
  /** For a marker: whether it commits. */
  readonly commits?: boolean;
}

interface ProducerState {
  epoch: number;
  lastSequence: number;
  /**
   * The first sequences and sizes of the last five batches, whose repetitions are recognized.
   */
  readonly recent: { readonly first: number; readonly count: number; readonly offset: number }[];
}

/** The number of batches whose repetition a broker recognizes. */
const REMEMBERED = 5;

/** The log of one partition, with its leader's state of producers. */
export class PartitionLog {
  readonly #written: Written[] = [];
  readonly #producers = new Map<number, ProducerState>();
  /** The messages of open transactions, by producer. */
  readonly #open = new Map<number, SimulatedMessage[]>();
  end = 0;

  /** @param onCommit Called with messages when readers of committed records may see them. */
  constructor(readonly onCommit: (messages: readonly SimulatedMessage[]) => void) {}

  /** The messages of open transactions. */
  get open(): SimulatedMessage[] {
    return [...this.#open.values()].flat();
  }

  hasOpen(producerId: number): boolean {
    return this.#open.has(producerId);
  }

  /** @returns The batch's offset, or an error. */
  append(
    producerId: number,
    epoch: number,
    firstSequence: number,
    messages: readonly SimulatedMessage[],
    isTransactional: boolean,
  ): number | string {
    const state = this.#producers.get(producerId);
    if (state !== undefined) {
      if (epoch < state.epoch) return "INVALID_PRODUCER_EPOCH";
      if (epoch > state.epoch) {
        if (firstSequence !== 0) return "OUT_OF_ORDER_SEQUENCE_NUMBER";
      } else {
        const again = state.recent.find(({ first, count }) =>
          first === firstSequence && count === messages.length
        );
        if (again !== undefined) return again.offset;
        // After a marker, the leader accepts any sequence.
        if (firstSequence !== state.lastSequence + 1) return "OUT_OF_ORDER_SEQUENCE_NUMBER";
      }
    }
    const offset = this.end;
    this.end += messages.length;
    this.#written.push({ producerId, isTransactional, messages });
    if (isTransactional) {
      this.#open.set(producerId, [...this.#open.get(producerId) ?? [], ...messages]);
    } else this.onCommit(messages);
    const recent = state === undefined || epoch > state.epoch ? [] : state.recent;
    recent.push({ first: firstSequence, count: messages.length, offset });
    if (recent.length > REMEMBERED) recent.shift();
    const lastSequence = firstSequence + messages.length - 1;
    this.#producers.set(producerId, { epoch, lastSequence, recent });
    return offset;
  }

  /** Writes the marker that ends a producer's transaction here. */
  mark(producerId: number, epoch: number, commits: boolean): void {
    this.#written.push({ producerId, isTransactional: true, messages: [], commits });
    this.end++;
    if (commits) this.onCommit(this.#open.get(producerId) ?? []);
    this.#open.delete(producerId);
    const state = this.#producers.get(producerId);
    if (state === undefined) {
      this.#producers.set(producerId, { epoch, lastSequence: -1, recent: [] });
    } else if (epoch > state.epoch) {
      this.#producers.set(producerId, { epoch, lastSequence: -1, recent: [] });
    }
  }

  /**
   * Returns the records that readers of committed records see, in order, up to the first open
   * transaction.
   */
  committed(): SimulatedMessage[] {
    const outcome = new Map<Written, boolean>();
    const open = new Map<number, Written[]>();
    for (const written of this.#written) {
      const { producerId } = written;
      if (written.commits === undefined) {
        if (!written.isTransactional) outcome.set(written, true);
        else open.set(producerId, [...open.get(producerId) ?? [], written]);
      } else {
        for (const one of open.get(producerId) ?? []) outcome.set(one, written.commits);
        open.delete(producerId);
      }
    }
    const seen: SimulatedMessage[] = [];
    for (const written of this.#written) {
      if (written.commits !== undefined) continue;
      const isCommitted = outcome.get(written);
      if (isCommitted === undefined) break;
      if (isCommitted) seen.push(...written.messages);
    }
    return seen;
  }
}
