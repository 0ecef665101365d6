import { assert, assertEquals } from "@std/assert";
import fc from "../../../support/tools/fast_check.ts";
import { Position } from "../../../../lib/upstream/resume/position.ts";
import { type Gap, Repeats } from "../../../../lib/upstream/resume/repeats.ts";

const KEY = "eqiad.mediawiki.recentchange/0";
const NO_DATA = new Uint8Array(0);

interface LogEntry {
  key: string;
  timestamp: number;
  offset: number | undefined;
  id: string | undefined;
  data: Uint8Array;
  /** Its place in the list of all events, which no resume may change. */
  serial: number;
}

function entry(serial: number, timestamp: number, offset = serial, id = `id-${serial}`): LogEntry {
  return { key: KEY, timestamp, offset, id, data: NO_DATA, serial };
}

const refused = (serial: number, timestamp: number): LogEntry => ({
  ...entry(serial, timestamp),
  offset: undefined,
  id: undefined,
});

const serials = (entries: readonly LogEntry[]) => entries.map(({ serial }) => serial);

/** Where the service starts for a time: its first entry with a timestamp of at least that. */
function startOf(log: readonly LogEntry[], ms: number): number {
  const index = log.findIndex(({ timestamp }) => timestamp >= ms);
  return index === -1 ? log.length : index;
}

/** A consumer of one log: connects at T minus a margin, as the stream does. */
class Consumer {
  readonly gaps: Gap[] = [];
  readonly position = new Position(0);
  readonly repeats = new Repeats<LogEntry>(this.position, (gap) => this.gaps.push(gap));
  readonly seen: LogEntry[] = [];
  rereads = 0;

  /** Reads `log` from the position on, `count` entries at the most. */
  read(log: readonly LogEntry[], count = Infinity, margin = 0): void {
    this.repeats.connected();
    const from = startOf(log, (this.position.get(KEY)?.timestamp ?? 0) - margin);
    for (const one of log.slice(from, from + count)) {
      if (this.repeats.take(one, this.seen) === "reread") {
        this.rereads++;
        assert(this.rereads < 100, "re-reads without end");
        return this.read(log, count, margin);
      }
    }
  }
}

/** Timestamps as the service has them: shared, going back a little, and now and then by years. */
const timestamps = fc.array(
  fc.oneof({ weight: 6, arbitrary: fc.nat(40) }, {
    weight: 3,
    arbitrary: fc.integer({ min: -46, max: 0 }),
  }, {
    weight: 1,
    arbitrary: fc.constant(-100_000),
  }),
  { minLength: 1, maxLength: 80 },
).map((steps) => {
  let now = 200_000;
  return steps.map((step) => {
    const timestamp = Math.max(0, now + step);
    if (step > -1000) now = timestamp;
    return timestamp;
  });
});

Deno.test("Repeats gives every event once and in order, wherever connections are cut", () => {
  fc.assert(
    fc.property(
      timestamps,
      fc.array(fc.nat(30), { maxLength: 12 }),
      fc.nat(60),
      (times, cuts, margin) => {
        const log = times.map((timestamp, i) => entry(i, timestamp));
        const consumer = new Consumer();
        for (const count of [...cuts, Infinity]) consumer.read(log, count, margin);
        assertEquals(serials(consumer.seen), [...log.keys()]);
        assertEquals(consumer.repeats.counts.gaps, 0);
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("Repeats counts refused frames once, wherever connections are cut", () => {
  fc.assert(
    fc.property(
      timestamps,
      fc.array(fc.boolean(), { minLength: 80, maxLength: 80 }),
      fc.array(fc.nat(30), { maxLength: 12 }),
      (times, isBad, cuts) => {
        // A frame that cannot be read says nothing of its topic before the first event is known.
        const log = times.map((t, i) => i > 0 && isBad[i] ? refused(i, t) : entry(i, t));
        const consumer = new Consumer();
        for (const count of [...cuts.map((cut) => cut + 1), Infinity]) consumer.read(log, count);
        assertEquals(serials(consumer.seen), [...log.keys()]);
        assertEquals(consumer.repeats.counts.gaps, 0);
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("Repeats loses and doubles nothing when upstream is renumbered at a reconnect", () => {
  fc.assert(
    fc.property(
      timestamps,
      fc.nat(70),
      fc.integer({ min: -1000, max: 1000 }),
      fc.nat(60),
      (times, cut, shift, margin) => {
        const log = times.map((timestamp, i) => entry(i, timestamp, 1000 + i));
        const renumbered = log.map((one) => ({ ...one, offset: one.offset! + shift }));
        const consumer = new Consumer();
        consumer.read(log, cut, margin);
        consumer.read(renumbered, Infinity, margin);
        assertEquals(serials(consumer.seen), [...log.keys()]);
        assert(consumer.repeats.counts.renumbered <= 1);
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("Repeats recognises by their ids what a renumbered log without the anchor repeats", () => {
  const log = Array.from({ length: 20 }, (_, i) => entry(i, 1000 + i));
  for (const shift of [-500, 500]) {
    const consumer = new Consumer();
    consumer.read(log.map((one) => ({ ...one, offset: one.offset! + 1000 })), 10);
    const other = log.filter(({ serial }) => serial !== 9)
      .map((one) => ({ ...one, offset: one.offset! + 1000 + shift }));
    consumer.read(other, Infinity, 5);
    assertEquals(serials(consumer.seen), [...log.keys()]);
    assertEquals(consumer.repeats.counts.renumbered, 1);
  }
});

Deno.test("Repeats re-reads a gap once, and takes what the re-read brings", () => {
  const log = Array.from({ length: 10 }, (_, i) => entry(i, 1000 + i));
  const consumer = new Consumer();
  consumer.repeats.connected();
  const torn = [...log.slice(0, 4), log[6]!];
  const verdicts = torn.map((one) => consumer.repeats.take(one, consumer.seen));
  assertEquals(verdicts, ["handled", "handled", "handled", "handled", "reread"]);
  consumer.read(log);
  assertEquals(serials(consumer.seen), [...log.keys()]);
  assertEquals(consumer.repeats.counts.gaps, 0);
});

Deno.test("Repeats accepts a gap that stays, counts it, and stops re-reading such a topic", () => {
  const log = Array.from({ length: 30 }, (_, i) => entry(i, 1000 + i))
    .filter(({ serial }) => serial % 5 !== 4);
  const consumer = new Consumer();
  consumer.read(log);
  assertEquals(serials(consumer.seen), serials(log));
  assertEquals(consumer.rereads, 3);
  assertEquals(consumer.repeats.counts.gaps, 5);
  assertEquals(consumer.repeats.counts.missing, 5);
  assertEquals(consumer.gaps[0], { key: KEY, missing: 1, from: 1003, to: 1005 });
});

Deno.test("Repeats goes on at what upstream still has when the anchor is gone", () => {
  const log = Array.from({ length: 30 }, (_, i) => entry(i, 1000 + i));
  const consumer = new Consumer();
  consumer.read(log, 10);
  consumer.read(log.slice(20));
  assertEquals(serials(consumer.seen), [...serials(log.slice(0, 10)), ...serials(log.slice(20))]);
  assertEquals(consumer.repeats.counts.missing, 10);
  assertEquals(consumer.rereads, 1);
});

Deno.test("Repeats holds a bounded number of arrivals for an anchor that never comes", () => {
  const consumer = new Consumer();
  consumer.read([entry(5, 1000, 50_000)]);
  const flood = Array.from({ length: 10_001 }, (_, i) => entry(100 + i, 1000, i));
  consumer.read(flood);
  assertEquals(consumer.seen.length, 1 + flood.length);
  const data = new Uint8Array(1024 * 1024);
  const large = Array.from(
    { length: 16 },
    (_, i) => ({ ...entry(-i, 1000, i + 1, `large-${i}`), data }),
  );
  consumer.read(large);
  assertEquals(consumer.seen.length, 1 + flood.length + 16);
  assertEquals(consumer.rereads, 2);
});

Deno.test("Repeats drops what lies far before the anchor, however much it is", () => {
  const log = Array.from({ length: 30_000 }, (_, i) => entry(i, 1000 + 10 * i));
  const consumer = new Consumer();
  consumer.position.advance(log[25_000]!);
  consumer.read(log, Infinity, 250_000);
  assertEquals(consumer.seen.length, 4999);
  assertEquals(consumer.seen[0], log[25_001]);
  assertEquals(consumer.repeats.counts.repeats, 25_001);
});

Deno.test("Repeats re-reads once where the anchor was lost, also after a restart", () => {
  const log = Array.from({ length: 30 }, (_, i) => entry(i, 1000 + i));
  const consumer = new Consumer();
  consumer.position.advance(log[15]!);
  const torn = log.filter(({ serial }) => serial !== 15);
  consumer.repeats.connected();
  const verdicts = torn.slice(10, 16).map((one) => consumer.repeats.take(one, consumer.seen));
  assertEquals(verdicts.indexOf("reread"), 5);
  assertEquals(consumer.seen, []);
  consumer.read(log, Infinity, 5);
  assertEquals(serials(consumer.seen), serials(log.slice(16)));
});

Deno.test("Repeats gives every event once, whatever connections lose, over restarts too", () => {
  const connection = fc.record({
    count: fc.nat(40),
    restart: fc.boolean(),
    /** What it does not bring, unless another one has lost it before; the very first is not missed. */
    lost: fc.array(fc.integer({ min: 1, max: 79 }), { maxLength: 8 }),
  });
  fc.assert(
    fc.property(
      timestamps,
      fc.array(connection, { maxLength: 10 }),
      fc.nat(60),
      (times, all, margin) => {
        const log = times.map((timestamp, i) => entry(i, timestamp));
        const lostOnce = new Set<number>();
        const seen: LogEntry[] = [];
        let position = new Position(0);
        let repeats = new Repeats<LogEntry>(position);
        for (
          const { count, restart, lost } of [...all, { count: Infinity, restart: true, lost: [] }]
        ) {
          if (restart) repeats = new Repeats(position = position.copy());
          for (let isDone = false, rereads = 0; !isDone; rereads++) {
            assert(rereads < 1000, "re-reads without end");
            repeats.connected();
            const from = startOf(log, (position.get(KEY)?.timestamp ?? 0) - margin);
            isDone = log.slice(from, from + count).every((one) => {
              if (lost.includes(one.serial) && !lostOnce.has(one.serial)) {
                lostOnce.add(one.serial);
                return true;
              }
              return repeats.take(one, seen) === "handled";
            });
          }
        }
        assertEquals(serials(seen), [...log.keys()]);
      },
    ),
    { numRuns: 3000 },
  );
});

Deno.test("Repeats drops what one connection sends twice", () => {
  const consumer = new Consumer();
  const log = Array.from({ length: 5 }, (_, i) => entry(i, 1000 + i));
  consumer.read([...log, log[2]!, log[4]!, entry(5, 1005)]);
  assertEquals(serials(consumer.seen), [0, 1, 2, 3, 4, 5]);
  assertEquals(consumer.repeats.counts.repeats, 2);
});
