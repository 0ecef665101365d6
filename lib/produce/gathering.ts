/**
 * What is read while the batch before is still in flight: records, and the position behind the last
 * event that was handled with them. One reader adds, one publisher takes all of it at once.
 *
 * Bounded: `room()` holds the reader at `maxRecords` records or `maxBytes` bytes of values (strings
 * are counted by characters), whichever comes first; one chunk of the response may lie beyond.
 */
export class Gathering<R extends { readonly value: string | Uint8Array }> {
  #records: R[] = [];
  #bytes = 0;
  #ended = false;
  /** Resolved, and replaced, at each change that the other side may wait for. */
  #changed = Promise.withResolvers<void>();

  constructor(readonly bounds: { readonly maxRecords: number; readonly maxBytes: number }) {}

  get size(): number {
    return this.#records.length;
  }

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
    if (this.#records.length === 1 || this.isFull) this.#notify();
  }

  end(): void {
    this.#ended = true;
    this.#notify();
  }

  /** All records so far, in order. */
  take(): R[] {
    const records = this.#records;
    this.#records = [];
    this.#bytes = 0;
    this.#notify();
    return records;
  }

  /** Waits until there is room, or the end. */
  async room(): Promise<void> {
    while (this.isFull && !this.#ended) await this.#changed.promise;
  }

  /** Waits for the first record or the end, `ms` at the most. */
  async first(ms: number): Promise<void> {
    await this.#until(() => this.#records.length > 0 || this.#ended, ms);
  }

  /** Waits until it is full or ended, `ms` at the most. */
  async full(ms: number): Promise<void> {
    await this.#until(() => this.isFull || this.#ended, ms);
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
