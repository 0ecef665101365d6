/** A part of a partition. */
export interface OffsetRange {
  /** The first offset. */
  readonly first: number;
  /** The offset after the last one; `Infinity` for all that follow. */
  readonly end: number;
}

/** Consecutive records of a partition, and the bounds of their times. */
interface Segment {
  readonly first: number;
  end: number;
  records: number;
  earliest: number;
  latest: number;
}

/**
 * Remembers the times of a topic's records by offset. It also finds records whose times are far
 * from those of their neighbors, which Kafka's own time index does not guarantee. Memory: one entry
 * per segment.
 */
export class TimeMap {
  readonly #segmentRecords: number;
  readonly #segments = new Map<number, Segment[]>();

  /** @param segmentRecords The number of records of a segment: the smallest part that is found. */
  constructor(segmentRecords: number) {
    this.#segmentRecords = segmentRecords;
  }

  /**
   * Notes a record, in the order of its partition. Known records are ignored.
   *
   * @param times Times by which it can be found, in ms since 1970.
   */
  note(partition: number, offset: number, times: readonly number[]): void {
    let segments = this.#segments.get(partition);
    if (segments === undefined) this.#segments.set(partition, segments = []);
    let last = segments.at(-1);
    if (last !== undefined && offset < last.end) return;
    if (last === undefined || last.records === this.#segmentRecords) {
      const first = last?.end ?? offset;
      last = { first, end: first, records: 0, earliest: Infinity, latest: -Infinity };
      segments.push(last);
    }
    last.records++;
    last.end = offset + 1;
    last.earliest = Math.min(last.earliest, ...times);
    last.latest = Math.max(last.latest, ...times);
  }

  /**
   * Returns the parts of a partition that may have records from `since` to before `until`, in
   * order. The last part is the rest of the partition, which is not known yet.
   */
  find(partition: number, since: number, until: number): OffsetRange[] {
    const segments = this.#segments.get(partition) ?? [];
    const ranges: { first: number; end: number }[] = [];
    const parts = segments.filter(({ earliest, latest }) => earliest < until && latest >= since);
    for (const { first, end } of [...parts, { first: segments.at(-1)?.end ?? 0, end: Infinity }]) {
      const last = ranges.at(-1);
      if (last?.end === first) last.end = end;
      else ranges.push({ first, end });
    }
    return ranges;
  }
}
