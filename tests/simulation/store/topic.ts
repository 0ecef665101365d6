import type { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";

/** A record that exists from a time on. */
export interface LoggedRecord {
  readonly offset: number;
  /** The time of its commit, in ms since 1970. */
  readonly at: number;
}

/** A partition: its records, and offsets without a record, as transactions leave them. */
export class Partition {
  readonly records: LoggedRecord[] = [];
  /** The first offset that retention has not deleted. */
  low = 0;

  /** The offset after the last committed record. */
  end(now: number): number {
    const last = this.records.findLast(({ at }) => at <= now);
    // A marker follows the records of each transaction.
    return last === undefined ? 0 : last.offset + 2;
  }

  /** Returns the records from one offset to before another one. */
  between(from: number, to: number): readonly LoggedRecord[] {
    return this.records.filter(({ offset }) => offset >= from && offset < to);
  }
}

/** The topic to store, which is written while it is read. */
export class Topic {
  readonly partitions: Partition[];

  constructor(world: World, random: Random) {
    const { plan, begin } = world;
    this.partitions = Array.from({ length: plan.partitions }, () => new Partition());
    for (let left = plan.events; left > 0;) {
      const at = begin + random.between(0, plan.duration);
      const partition = random.pick(this.partitions);
      const size = Math.min(left, random.int(1, 2 * plan.groupSize));
      partition.records.push(...Array.from({ length: size }, () => ({ offset: 0, at })));
      left -= size;
    }
    for (const { records } of this.partitions) {
      records.sort((a, b) => a.at - b.at);
      let next = 0;
      for (const [i, record] of records.entries()) {
        next += records[i - 1]?.at === record.at ? 1 : 2;
        records[i] = { ...record, offset: next };
      }
    }
  }
}
