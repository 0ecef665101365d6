/** A batch: records, and the progress after the last event that was handled with them. */
export interface AccumulatedBatch<R, P> {
  /** The records in order. */
  readonly records: readonly R[];
  /** Points at which the batch may be divided, in order; the last may be its end. */
  readonly cuts: readonly BatchCut<P>[];
  /** The progress after the last record. */
  readonly upTo: P;
}

/** A point at which a batch may be divided. */
export interface BatchCut<P> {
  /** Number of records before it. */
  readonly count: number;
  /** Bytes of their values. */
  readonly bytes: number;
  /** The progress at this point. */
  readonly upTo: P;
}

/** The distance between cuts, in bytes of values: small, for a producer with a quota. */
const CUT_EVERY = 32 * 1024;

/** Returns a batch without its first `count` records, which end at a cut. */
export function withoutFirst<R, P>(
  batch: AccumulatedBatch<R, P>,
  count: number,
): AccumulatedBatch<R, P> {
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
export function joined<R extends { readonly value: { readonly length: number } }, P>(
  first: AccumulatedBatch<R, P>,
  second: AccumulatedBatch<R, P>,
): AccumulatedBatch<R, P> {
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
 * Accumulates records while a batch is in flight. It holds a batch that grows, and one that is full
 * and waits, so that reading does not stop during the last round trips of a transaction. One reader
 * adds, one publisher takes.
 *
 * A batch is full at `maxRecords` records or `maxBytes` bytes of values,
 * whichever comes first; its last record may exceed the bytes. At most two such batches are held:
 * `room()` holds the reader until the full one can wait.
 */
export class BatchAccumulator<R extends { readonly value: { readonly length: number } }, P> {
  #records: R[] = [];
  #cuts: BatchCut<P>[] = [];
  #bytes = 0;
  #waiting: AccumulatedBatch<R, P> | undefined;
  #ended = false;
  /** Resolved and replaced at each change that the other side may wait for. */
  #changed = Promise.withResolvers<void>();

  /**
   * @param bounds Each at least 1.
   * @param upTo Returns the progress after all records added so far.
   */
  constructor(
    readonly bounds: { readonly maxRecords: number; readonly maxBytes: number },
    readonly upTo: () => P,
  ) {}

  /** The number of records in both batches. */
  get size(): number {
    return this.#records.length + (this.#waiting?.records.length ?? 0);
  }

  /** Whether the growing batch is full. */
  get isFull(): boolean {
    return this.#records.length >= this.bounds.maxRecords || this.#bytes >= this.bounds.maxBytes;
  }

  /** Whether the end was marked. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Appends a record. */
  add(record: R): void {
    this.#records.push(record);
    this.#bytes += record.value.length;
    if (this.#bytes - (this.#cuts.at(-1)?.bytes ?? 0) >= CUT_EVERY) {
      this.#cuts.push({ count: this.#records.length, bytes: this.#bytes, upTo: this.upTo() });
    }
    if (this.#records.length === 1 || this.isFull) this.#notify();
  }

  /** Marks the end: `room()`, `first()` and `full()` wait no longer. */
  end(): void {
    this.#ended = true;
    this.#notify();
  }

  /** Takes the batch that waits, or else all records so far, in order. */
  take(): AccumulatedBatch<R, P> {
    const taken = this.#waiting ?? this.#close();
    this.#waiting = undefined;
    this.#notify();
    return taken;
  }

  /** Waits until a full batch can be set aside, and sets it aside; returns at the end. */
  async room(): Promise<void> {
    while (this.#waiting !== undefined && this.isFull && !this.#ended) await this.#changed.promise;
    if (!this.isFull || this.#ended) return;
    this.#waiting = this.#close();
    this.#notify();
  }

  /** Waits for the first record or the end, for at most `ms`. */
  async first(ms: number): Promise<void> {
    await this.#until(() => this.size > 0 || this.#ended, ms);
  }

  /** Waits for a full batch or the end, for at most `ms`. */
  async full(ms: number): Promise<void> {
    await this.#until(() => this.#waiting !== undefined || this.isFull || this.#ended, ms);
  }

  #close(): AccumulatedBatch<R, P> {
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
