import type { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";

/** A record that exists from a time on. */
export interface LoggedRecord {
  readonly offset: number;
  /** The time of its commit, in ms since 1970. */
  readonly at: number;
}

const encoder = new TextEncoder();

/** Returns the value of the record at an offset, which is an edit in four of five cases. */
export function valueOf(offset: number): Uint8Array {
  return VALUES[offset % VALUES.length]!;
}

/** Whether the record at an offset is an edit. */
export function isEdit(offset: number): boolean {
  return valueOf(offset) !== NO_EDIT;
}

/** The title of edits that an index may reject. */
export const REFUSED_TITLE = "REFUSED";

const NO_EDIT = encoder.encode("{");
const edit = (title: string) =>
  encoder.encode(JSON.stringify({
    id: 1,
    domain: "en.wiki.example",
    namespace: "main namespace",
    title,
    timestamp: "2026-05-17T09:41:13Z",
    user_name: "A",
    user_type: "human",
    old_length: 1,
    new_length: 2,
  }));
const VALUES = [edit("A"), edit("B"), edit(REFUSED_TITLE), edit("C"), NO_EDIT];

/** A partition: its records, and offsets without a record, as transactions leave them. */
export class Partition {
  readonly records: LoggedRecord[] = [];
  /** The first offset that retention has not deleted. */
  low = 0;

  /** @param since The time at which the partition is added to the topic, in ms since 1970. */
  constructor(readonly since: number) {}

  /** The offset after the last committed record. */
  end(now: number): number {
    const last = this.records[indexOf(this.records, ({ at }) => at > now) - 1];
    // A marker follows the records of each transaction.
    return last === undefined ? 0 : last.offset + 2;
  }

  /** Returns the records from one offset to before another one. */
  between(from: number, to: number): readonly LoggedRecord[] {
    return this.records.slice(
      indexOf(this.records, ({ offset }) => offset >= from),
      indexOf(this.records, ({ offset }) => offset >= to),
    );
  }
}

/** Returns the first index at which a condition holds, by binary search. */
function indexOf(records: readonly LoggedRecord[], isThere: (record: LoggedRecord) => boolean) {
  let low = 0;
  for (let high = records.length; low < high;) {
    const middle = (low + high) >> 1;
    if (isThere(records[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The topic to store, which is written and gets more partitions while it is read. */
export class Topic {
  readonly #world: World;
  readonly #all: readonly Partition[];

  constructor(world: World, random: Random) {
    this.#world = world;
    const { plan, begin } = world;
    const added = plan.times("partitions added").sort((a, b) => a - b);
    this.#all = [...Array.from({ length: plan.partitions }, () => 0), ...added]
      .map((after) => new Partition(begin + after));
    for (let left = plan.events; left > 0;) {
      const at = begin + random.between(0, plan.duration);
      const partition = random.pick(this.#at(at));
      const size = Math.min(left, random.int(1, 2 * plan.groupSize));
      partition.records.push(...Array.from({ length: size }, () => ({ offset: 0, at })));
      left -= size;
    }
    for (const { records } of this.#all) {
      records.sort((a, b) => a.at - b.at);
      let next = 0;
      for (const [i, record] of records.entries()) {
        next += records[i - 1]?.at === record.at ? 1 : 2;
        records[i] = { ...record, offset: next };
      }
    }
    for (const after of added) {
      world.scheduler.outside(after, () => {
        world.count("partitions added");
        world.trace(() => "partitions added");
      });
    }
  }

  /** The partitions that it has now. */
  get partitions(): readonly Partition[] {
    return this.#at(this.#world.scheduler.now);
  }

  #at(now: number): readonly Partition[] {
    return this.#all.filter(({ since }) => since <= now);
  }
}
