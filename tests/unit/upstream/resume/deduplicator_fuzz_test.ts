import { assertEquals } from "@std/assert";
import fc from "../../../support/tools/fast_check.ts";
import {
  entry,
  type LogEntry,
  LogReader,
  refused,
  serials,
} from "../../../support/stream/upstream_log.ts";

const RUNS = 1000;

/** Timestamps like the service's: shared, going back a little, and sometimes by years. */
const timestamps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.nat(40) },
    { weight: 3, arbitrary: fc.integer({ min: -46, max: 0 }) },
    { weight: 1, arbitrary: fc.constant(-100_000) },
  ),
  { minLength: 1, maxLength: 80 },
).map((steps) => {
  let now = 200_000;
  return steps.map((step) => {
    const timestamp = Math.max(0, now + step);
    if (step > -1000) now = timestamp;
    return timestamp;
  });
});

/** One connection: the maximum it reads, and whether the producer restarts before it. */
const connection = fc.record({ count: fc.integer({ min: 1, max: 40 }), restart: fc.boolean() });
const connections = fc.array(connection, { maxLength: 12 });
const LAST = { count: Infinity, restart: true };
const margin = fc.nat(60);
const flags = fc.array(fc.boolean(), { minLength: 80, maxLength: 80 });

Deno.test("Deduplicator yields events once, wherever connections are cut", () => {
  fc.assert(
    fc.property(timestamps, connections, margin, (times, all, margin) => {
      const log = times.map((timestamp, i) => entry(i, timestamp));
      const reader = new LogReader();
      for (const { count, restart } of [...all, LAST]) {
        if (restart) reader.restart();
        reader.read(log, count, margin);
      }
      assertEquals(serials(reader.seen), [...log.keys()]);
      const { gaps, skipped, renumbered } = reader.deduplicator.counts;
      assertEquals([gaps, skipped, renumbered, reader.rereads], [0, 0, 0, 0]);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("Deduplicator yields events once, whichever timestamps are credible", () => {
  fc.assert(
    fc.property(timestamps, flags, connections, margin, (times, isAhead, all, margin) => {
      const log = times.map((timestamp, i) => {
        const one = entry(i, timestamp);
        return isAhead[i] ? { ...one, timestamp: undefined, ahead: timestamp } : one;
      });
      const reader = new LogReader();
      for (const { count, restart } of [...all, LAST]) {
        if (restart) reader.restart();
        reader.read(log, count, margin);
      }
      assertEquals(serials(reader.seen), [...log.keys()]);
      assertEquals([reader.deduplicator.counts.renumbered, reader.rereads], [0, 0]);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("Deduplicator counts rejected frames once, wherever connections end", () => {
  fc.assert(
    fc.property(timestamps, flags, connections, margin, (times, isBad, all, margin) => {
      // Before the first event is known, an unreadable frame does not show its topic.
      const log = times.map((t, i) => i > 0 && isBad[i] ? refused(i, t) : entry(i, t));
      const reader = new LogReader();
      for (const { count, restart } of [...all, LAST]) {
        if (restart) reader.restart();
        reader.read(log, count, margin);
      }
      assertEquals(serials(reader.seen), [...log.keys()]);
      assertEquals([reader.deduplicator.counts.gaps, reader.rereads], [0, 0]);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("Deduplicator yields each id once, however often the log has it", () => {
  const ids = fc.array(fc.nat(25), { minLength: 80, maxLength: 80 });
  fc.assert(
    fc.property(timestamps, ids, connections, (times, ids, all) => {
      const log = times.map((timestamp, i) => entry(i, timestamp, i, `id-${ids[i]}`));
      const reader = new LogReader();
      for (const { count, restart } of [...all, LAST]) {
        if (restart) reader.restart();
        // After a restart, an id is known if it lies within the margin.
        reader.read(log, count, 300_000);
      }
      const first = log.filter(({ id }, i) => log.findIndex((one) => one.id === id) === i);
      assertEquals(serials(reader.seen), serials(first));
      assertEquals([reader.deduplicator.counts.renumbered, reader.rereads], [0, 0]);
    }),
    { numRuns: RUNS },
  );
});

/** Reads a log that each connection finds renumbered, and returns the serials of what is new. */
function readRenumbered(
  times: readonly number[],
  all: readonly { readonly count: number; readonly restart: boolean }[],
  shifts: readonly number[],
  margin: number,
): number[] {
  const log = times.map((timestamp, i) => entry(i, timestamp, 2_000_000 + i));
  const reader = new LogReader();
  for (const [i, { count, restart }] of [...all, LAST].entries()) {
    if (restart) reader.restart();
    const shifted = log.map((one) => ({ ...one, offset: one.offset! + shifts[i]! }));
    reader.read(shifted, count, margin);
  }
  // The next connections resolve what the last one left unresolved.
  for (let i = 0; i < 5; i++) reader.read(log, Infinity, margin);
  const highest = Math.max(...times);
  const seen = serials(reader.seen);
  assertEquals(times.every((time, i) => time <= highest || seen.includes(i)), true);
  return seen;
}

const shiftsOf = (shift: fc.Arbitrary<number>) => fc.array(shift, { minLength: 13, maxLength: 13 });

Deno.test("Deduplicator neither loses nor duplicates if upstream is renumbered", () => {
  // Far enough that no event with the anchor's id is taken for a copy.
  const shifts = shiftsOf(fc.integer({ min: -9, max: 9 }).map((one) => 200_000 * one));
  fc.assert(
    fc.property(timestamps, connections, shifts, margin, (times, all, shifts, margin) => {
      const seen = readRenumbered(times, all, shifts, margin);
      assertEquals(seen, [...seen.keys()]);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("Deduplicator loses nothing if upstream is renumbered by a little", () => {
  const shifts = shiftsOf(fc.integer({ min: -1000, max: 1000 }));
  fc.assert(
    fc.property(timestamps, connections, shifts, margin, (times, all, shifts, margin) => {
      const first = [...new Set(readRenumbered(times, all, shifts, margin))];
      assertEquals(first, [...first.keys()]);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("Deduplicator yields events once if connections lose any of them", () => {
  const losing = fc.record({
    count: fc.nat(40),
    restart: fc.boolean(),
    /**
     * The events that it loses, unless a previous connection lost them. The very first event is
     * kept.
     */
    lost: fc.array(fc.integer({ min: 1, max: 79 }), { maxLength: 8 }),
  });
  fc.assert(
    fc.property(timestamps, flags, fc.array(losing, { maxLength: 10 }), margin, (
      times,
      isBad,
      all,
      margin,
    ) => {
      const log = times.map((t, i) => i > 0 && isBad[i] ? refused(i, t) : entry(i, t));
      // What follows one event is read again once. A rejected frame looks like the next one.
      const isReread = (serial: number) =>
        [serial - 1, serial].every((i) => log[i]!.offset !== undefined);
      const lostOnce = new Set<number>();
      const reader = new LogReader();
      for (const { count, restart, lost } of [...all, { ...LAST, lost: [] }]) {
        if (restart) reader.restart();
        reader.read(log, count, margin, ({ serial }: LogEntry) => {
          const isLost = lost.includes(serial as never) && isReread(serial) &&
            !lostOnce.has(serial);
          if (isLost) lostOnce.add(serial);
          return !isLost;
        });
      }
      assertEquals(serials(reader.seen).toSorted((a, b) => a - b), [...log.keys()]);
      const events = reader.seen.filter(({ offset }) => offset !== undefined);
      assertEquals(serials(events), serials(events).toSorted((a, b) => a - b));
    }),
    { numRuns: 3 * RUNS },
  );
});
