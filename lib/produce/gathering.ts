/** Records, and the progress after the last event that was handled with them. */
export interface Gathered<R, P> {
  readonly records: readonly R[];
  /** Where the batch may be divided, in order; at its end or before. */
  readonly cuts: readonly GatheredCut<P>[];
  readonly upTo: P;
}

/** A place in a batch. */
export interface GatheredCut<P> {
  /** Number of records before it, and bytes of their values. */
  readonly count: number;
  readonly bytes: number;
  /** The progress there. */
  readonly upTo: P;
}

/** How far apart cuts are, in bytes of values: small, for a producer with a quota. */
const CUT_EVERY = 32 * 1024;

/** Returns a batch without its first `count` records, which end at a cut. */
export function withoutFirst<R, P>(batch: Gathered<R, P>, count: number): Gathered<R, P> {
  const { bytes = 0 } = batch.cuts.find((cut) => cut.count === count) ?? {};
  return {
    records: batch.records.slice(count),
    cuts: batch.cuts.filter((cut) => cut.count > count).map((cut) => ({
      ...cut,
      count: cut.count - count,
      bytes: cut.bytes - bytes,
    })),
    upTo: batch.upTo,
  };
}

/** Returns two batches as one, in order; it may be divided between them, too. */
export function joined<R extends { readonly value: string | Uint8Array }, P>(
  first: Gathered<R, P>,
  second: Gathered<R, P>,
): Gathered<R, P> {
  const count = first.records.length;
  const bytes = first.records.reduce((sum, { value }) => sum + value.length, 0);
  return {
    records: [...first.records, ...second.records],
    cuts: [
      ...first.cuts.filter((cut) => cut.count < count),
      { count, bytes, upTo: first.upTo },
      ...second.cuts.map((cut) => ({
        ...cut,
        count: cut.count + count,
        bytes: cut.bytes + bytes,
      })),
    ],
    upTo: second.upTo,
  };
}

/**
 * What is read while a batch is in flight: one batch that gathers, and one that is full and waits
 * for its turn, so that reading need not stop while a transaction is on its last round trips. One
 * reader adds, one publisher takes.
 *
 * A batch is full at `maxRecords` records or `maxBytes` bytes of values (strings are counted by
 * characters), whichever comes first; the last record may lie beyond. Two such batches are held at
 * the most: `room()` holds the reader until the second one has a place to wait.
 */
export class Gathering<R extends { readonly value: string | Uint8Array }, P> {
  #records: R[] = [];
  #cuts: GatheredCut<P>[] = [];
  #bytes = 0;
  #waiting: Gathered<R, P> | undefined;
  #ended = false;
  /** Resolved, and replaced, at each change that the other side may wait for. */
  #changed = Promise.withResolvers<void>();

  /** @param upTo Tells the position behind all that was added so far. */
  constructor(
    readonly bounds: { readonly maxRecords: number; readonly maxBytes: number },
    readonly upTo: () => P,
  ) {}

  /** Records of both batches. */
  get size(): number {
    return this.#records.length + (this.#waiting?.records.length ?? 0);
  }

  /** The batch that gathers is full. */
  get isFull(): boolean {
    return this.#records.length >= this.bounds.maxRecords || this.#bytes >= this.bounds.maxBytes;
  }

  /** No more is added. */
  get ended(): boolean {
    return this.#ended;
  }

  add(record: R): void {
    this.#records.push(record);
    this.#bytes += record.value.length;
    if (this.#bytes - (this.#cuts.at(-1)?.bytes ?? 0) >= CUT_EVERY) {
      this.#cuts.push({ count: this.#records.length, bytes: this.#bytes, upTo: this.upTo() });
    }
    if (this.#records.length === 1 || this.isFull) this.#notify();
  }

  end(): void {
    this.#ended = true;
    this.#notify();
  }

  /** The batch that waits; where none does, all records so far. In order, each once. */
  take(): Gathered<R, P> {
    const taken = this.#waiting ?? this.#close();
    this.#waiting = undefined;
    this.#notify();
    return taken;
  }

  /** Has a full batch wait, as soon as no other one does, or returns at the end. */
  async room(): Promise<void> {
    while (this.#waiting !== undefined && this.isFull && !this.#ended) await this.#changed.promise;
    if (!this.isFull || this.#ended) return;
    this.#waiting = this.#close();
    this.#notify();
  }

  /** Waits for the first record or the end, `ms` at the most. */
  async first(ms: number): Promise<void> {
    await this.#until(() => this.size > 0 || this.#ended, ms);
  }

  /** Waits until a batch is full or all is ended, `ms` at the most. */
  async full(ms: number): Promise<void> {
    await this.#until(() => this.#waiting !== undefined || this.isFull || this.#ended, ms);
  }

  #close(): Gathered<R, P> {
    const gathered = { records: this.#records, cuts: this.#cuts, upTo: this.upTo() };
    this.#records = [];
    this.#cuts = [];
    this.#bytes = 0;
    return gathered;
  }

  async #until(isSo: () => boolean, ms: number): Promise<void> {
    let isOver = ms <= 0;
    if (isSo() || isOver) return;
    const timer = setTimeout(() => {
      isOver = true;
      this.#notify();
    }, ms);
    try {
      while (!isSo() && !isOver) await this.#changed.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
