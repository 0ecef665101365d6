import { assertEquals } from "@std/assert";
import {
  entry,
  KEY,
  type LogEntry,
  LogReader,
  refused,
  serials,
} from "../../../support/stream/upstream_log.ts";

/** More than the distance within which the log may hold an id twice. */
const FAR = 200_000;

const logOf = (length: number, step = 1): LogEntry[] =>
  Array.from({ length }, (_, i) => entry(i, 1000 + Math.floor(step * i)));

Deno.test("Deduplicator drops any number of duplicates at 20,000 events/s", () => {
  const log = logOf(400_000, 0.05);
  const reader = new LogReader();
  reader.read(log, 200_000, 5000);
  reader.read(log, 150_000, 5000);
  reader.restart();
  reader.read(log, Infinity, 5000);
  assertEquals(reader.seen.length, log.length);
  assertEquals(reader.seen.findIndex(({ serial }, i) => serial !== i), -1);
  const { dropped, renumbered, gaps } = reader.deduplicator.counts;
  assertEquals([dropped > 99_000, renumbered, gaps, reader.rereads], [true, 0, 0, 0]);
});

Deno.test("Deduplicator yields each id once, even if the log has it twice", () => {
  const log = ["A", "B", "C", "A"].map((id, i) => entry(i, 1000 + 10 * i, 10 + i, id));
  const more = [...log, entry(4, 1040, 14, "E")];
  for (const isRestarted of [false, true]) {
    const reader = new LogReader();
    reader.read(log, Infinity, 5000);
    if (isRestarted) reader.restart();
    reader.read(more, Infinity, 5000);
    assertEquals(reader.seen.map(({ id }) => id), ["A", "B", "C", "E"]);
    assertEquals(reader.rereads, 0);
    const unbroken = new LogReader();
    unbroken.read(more);
    assertEquals(unbroken.seen.map(({ id }) => id), ["A", "B", "C", "E"]);
  }
});

Deno.test("Deduplicator recognizes a repeated id from before a restart", () => {
  const log = ["A", "B", "C", "A"].map((id, i) => entry(i, 1000 + 10 * i, 10 + i, id));
  const reader = new LogReader();
  reader.read(log.slice(0, 3));
  reader.restart();
  reader.read([...log, entry(4, 1040, 14, "E")], Infinity, 5000);
  assertEquals(reader.seen.map(({ id }) => id), ["A", "B", "C", "E"]);
});

Deno.test("Deduplicator recognizes a repeated id of an earlier connection", () => {
  const log = [...logOf(100), entry(100, 1100, 100, "id-60"), entry(101, 1101)];
  const reader = new LogReader();
  reader.read(log, 95);
  reader.restart();
  reader.read(log, 20, 50);
  reader.read(log, Infinity, 20);
  assertEquals(serials(reader.seen), [...Array(100).keys(), 101]);
});

Deno.test("Deduplicator loses nothing behind an anchor that one connection lost", () => {
  // The first event behind it does not prove that it is missing.
  const log = [...logOf(90), entry(90, 1085), entry(91, 1091)];
  const reader = new LogReader();
  reader.read(log, 90);
  reader.restart();
  reader.read(log, 21, 20, ({ serial }) => serial !== 89);
  assertEquals(reader.deduplicator.resumed, false);
  reader.read(log, Infinity, 20);
  assertEquals(serials(reader.seen), [...log.keys()]);
});

Deno.test("Deduplicator loses nothing behind a lost anchor in a lower numbering", () => {
  for (const isRestarted of [true, false]) {
    const log = [...logOf(90), entry(90, 1085), entry(91, 1093)];
    const reader = new LogReader();
    reader.read(log, 90);
    if (isRestarted) reader.restart();
    const lower = log.map((one) => ({ ...one, offset: one.offset! - 50 }));
    reader.read(lower, 22, 20, ({ serial }) => serial !== 89);
    reader.read(log, Infinity, 20);
    assertEquals(serials(reader.seen), [...log.keys()]);
  }
});

Deno.test("Deduplicator reads a gap again at an offset of an old numbering", () => {
  const log = logOf(30).map((one) => ({ ...one, offset: one.offset! + 1000 }));
  const reader = new LogReader();
  reader.read(log, 20);
  const lower = logOf(60).map((one) => ({ ...one, offset: one.offset! + 980 }));
  reader.read(lower, 20, 5);
  assertEquals(reader.deduplicator.counts.renumbered, 1);
  // The anchor has the offset that it had before, when the log was read again.
  const rereads = reader.rereads;
  reader.read(lower, Infinity, 5, ({ serial }) => serial !== 40 || reader.rereads > rereads);
  assertEquals(serials(reader.seen), [...lower.keys()]);
});

Deno.test("Deduplicator remembers no rejected frame that took no offset", () => {
  const log = [...logOf(10), refused(10, 1010)];
  for (let i = 11; i < 100; i++) log.push(entry(i, 1000 + i, i - 1));
  const reader = new LogReader();
  reader.read(log);
  reader.restart();
  assertEquals(reader.position.get(KEY)!.rejected, 0);
  const more = [...log, refused(100, 1100), entry(101, 1101, 100)];
  reader.read(more);
  assertEquals(serials(reader.seen), [...more.keys()]);
});

Deno.test("Deduplicator finds a gap although a rejected frame took no offset", () => {
  const log = [...logOf(10), refused(10, 1010)];
  for (let i = 11; i < 60; i++) log.push(entry(i, 1000 + i, i - 1));
  log[15] = { ...log[15]!, timestamp: undefined, ahead: 600_000 };
  const reader = new LogReader();
  reader.read(log, 21);
  // Upstream deletes what was handled.
  const rest = log.slice(21);
  for (let i = 0; i < 3; i++) reader.read(rest, 17);
  reader.read(rest, Infinity, 0, ({ serial }) => serial !== 21 || reader.rereads > 0);
  reader.read(rest);
  assertEquals(serials(reader.seen).includes(21), true);
});

Deno.test("Deduplicator accepts events whose timestamps are not credible", () => {
  const log = logOf(40).map((one, i) =>
    i < 20 ? one : { ...one, timestamp: undefined, ahead: 600_000 + one.timestamp! }
  );
  const reader = new LogReader();
  reader.read(log, 35);
  reader.restart();
  reader.read(log);
  assertEquals(serials(reader.seen), [...log.keys()]);
  assertEquals(reader.rereads, 0);
});

Deno.test("Deduplicator finds its anchor in a renumbered log", () => {
  for (const isRestarted of [false, true]) {
    for (const shift of [-500, -3, 3, isRestarted ? FAR : 500]) {
      const reader = new LogReader();
      const log = logOf(20).map((one) => ({ ...one, offset: one.offset! + FAR }));
      reader.read(log, 10);
      if (isRestarted) reader.restart();
      reader.read(log.map((one) => ({ ...one, offset: one.offset + shift })), Infinity, 5);
      assertEquals(serials(reader.seen), [...log.keys()], String(shift));
      assertEquals(reader.deduplicator.counts.renumbered, 1);
      assertEquals(reader.rereads, 2);
    }
  }
});

Deno.test("Deduplicator recognizes ids in a renumbered log without the anchor", () => {
  const log = logOf(20);
  for (const shift of [-500, 500]) {
    const reader = new LogReader();
    reader.read(log.map((one) => ({ ...one, offset: one.offset! + 1000 })), 10);
    const other = log.filter(({ serial }) => serial !== 9)
      .map((one) => ({ ...one, offset: one.offset! + 1000 + shift }));
    reader.read(other, Infinity, 5);
    assertEquals(serials(reader.seen), [...log.keys()]);
    assertEquals(reader.deduplicator.counts.renumbered, 1);
  }
});

Deno.test("Deduplicator adopts a new numbering despite a false timestamp", () => {
  const log = logOf(3000).map((one, i) => ({
    ...one,
    offset: one.offset! + 5_000_000,
    ...i === 5 ? { timestamp: undefined, ahead: 1e12 } : {},
  }));
  const reader = new LogReader();
  reader.read(log, 10);
  const other = log.filter(({ serial }) => serial !== 9).map((one, i) => ({ ...one, offset: i }));
  reader.read(other);
  assertEquals(serials(reader.seen), [...log.keys()]);
});

Deno.test("Deduplicator settles after a false timestamp and a few events", () => {
  for (const isRestarted of [false, true]) {
    const log = logOf(30).map((one) =>
      one.serial === 10 ? { ...one, timestamp: undefined, ahead: 600_000 } : one
    );
    const reader = new LogReader();
    reader.read(log.slice(0, 21));
    if (isRestarted) reader.restart();
    const kept = log.slice(21);
    for (let i = 0; i < 4; i++) reader.read(kept);
    assertEquals(serials(reader.seen), [...log.keys()]);
  }
});

Deno.test("Deduplicator waits for its anchor after a false timestamp", () => {
  const log = logOf(40).map((one) =>
    one.serial === 10 ? { ...one, timestamp: undefined, ahead: 600_000 } : one
  );
  const reader = new LogReader();
  reader.read(log.slice(0, 31));
  reader.restart();
  for (let i = 0; i < 5; i++) reader.read(log.slice(0, 15), Infinity, 5000);
  reader.read(log, Infinity, 5000);
  assertEquals(serials(reader.seen), [...log.keys()]);
});

Deno.test("Deduplicator waits for its anchor if the start was moved back", () => {
  const log = logOf(2040).map((one) =>
    one.serial === 2030 ? { ...one, timestamp: undefined, ahead: one.timestamp! } : one
  );
  const reader = new LogReader(3020);
  reader.position.startAt(0);
  reader.take(log[2030]!);
  for (let i = 0; i < 5; i++) reader.read(log.slice(0, 2000));
  reader.read(log);
  assertEquals(serials(reader.seen), [...log.keys()].slice(2030));
});

Deno.test("Deduplicator finds its anchor at another offset without later events", () => {
  for (const [shift, connections] of [[FAR, 4], [-40, 7]] as const) {
    for (const isRestarted of [false, true]) {
      const log = Array.from({ length: 8 }, (_, i) => entry(i, 1000, 50 + i));
      const reader = new LogReader();
      reader.read(log.slice(0, 4));
      if (isRestarted) reader.restart();
      const renumbered = log.map((one) => ({ ...one, offset: one.offset! + shift }));
      for (let i = 0; i < connections; i++) reader.read(renumbered);
      assertEquals(serials(reader.seen), [...log.keys()]);
      assertEquals(reader.deduplicator.counts.renumbered, 1);
    }
  }
});

Deno.test("Deduplicator remembers the new offset of an anchor that is lost then", () => {
  const log = logOf(20).map((one) => ({ ...one, offset: one.offset! + 100 }));
  const reader = new LogReader();
  reader.read(log.slice(0, 10));
  reader.restart();
  reader.read(log.slice(0, 10), Infinity, 5000, ({ serial }) => serial !== 4);
  const renumbered = log.map((one) => ({ ...one, offset: one.offset! - 40 }));
  let anchors = 0;
  reader.read(renumbered, Infinity, 5000, ({ serial }) => serial !== 9 || anchors++ !== 1);
  assertEquals(serials(reader.seen), [...log.keys()]);
  assertEquals(reader.deduplicator.counts.renumbered, 1);
});

Deno.test("Deduplicator waits for its anchor after its id at a lower offset", () => {
  // Even if all have the same time, as with timestamps in whole seconds.
  for (const step of [1, 0]) {
    const log = Array.from(
      { length: 8 },
      (_, i) => entry(i, 1000 + step * i, i, i === 5 ? "id-2" : `id-${i}`),
    );
    const reader = new LogReader();
    reader.restart();
    reader.read(log.slice(0, 6));
    reader.restart();
    for (let i = 0; i < 4; i++) reader.read(log, 4, 300_000);
    reader.read(log, Infinity, 300_000);
    const first = log.filter(({ serial }) => serial !== 5);
    assertEquals(serials(reader.seen), serials(first));
    assertEquals(reader.deduplicator.counts.renumbered, 0);
  }
});

Deno.test("Deduplicator loses nothing between two events of its anchor's id", () => {
  for (const shift of [-40, 40]) {
    const log = Array.from(
      { length: 8 },
      (_, i) => ({
        ...entry(i, 1000 + i, 100 + i, i === 6 ? "id-3" : `id-${i}`),
        ...i === 1 ? { timestamp: undefined, ahead: 600_000 } : {},
      }),
    );
    const reader = new LogReader();
    reader.read(log.slice(0, 4));
    const renumbered = log.map((one) => ({ ...one, offset: one.offset! + shift }));
    for (let i = 0; i < 7; i++) reader.read(renumbered, Infinity, 5000);
    assertEquals(serials(reader.seen), [0, 1, 2, 3, 4, 5, 7], String(shift));
  }
});

Deno.test("Deduplicator loses nothing before a copy of a deleted anchor", () => {
  for (const isRestarted of [false, true]) {
    // After a restart, and at lower offsets, they cannot be distinguished from those before the anchor.
    for (const shift of isRestarted ? [0, 50] : [-50, -3, 0, 50]) {
      // With timestamps in whole seconds, no event is later than the anchor.
      const log = Array.from(
        { length: 12 },
        (_, i) => entry(i, 1000, 50 + i, i === 7 ? "id-3" : `id-${i}`),
      );
      const reader = new LogReader();
      reader.read(log.slice(0, 4));
      if (isRestarted) reader.restart();
      const renumbered = log.map((one) => ({ ...one, offset: one.offset! + shift }));
      for (let i = 0; i < 8; i++) reader.read(renumbered.slice(4));
      const first = log.filter(({ serial }) => serial !== 7);
      assertEquals(serials(reader.seen), serials(first), String(shift));
      if (shift === 0) assertEquals(reader.deduplicator.counts.renumbered, 0);
    }
  }
});

Deno.test("Deduplicator rather repeats events than loses some near an anchor", () => {
  for (const step of [0, 1]) {
    const log = Array.from({ length: 8 }, (_, i) => entry(i, 1000 + step * i, 50 + i));
    const reader = new LogReader();
    reader.read(log.slice(0, 4));
    reader.restart();
    const renumbered = log.map((one) => ({ ...one, offset: one.offset! + 40 }));
    for (let i = 0; i < 4; i++) reader.read(renumbered, Infinity, 5000);
    // Without the restart, their ids are known.
    assertEquals(serials(reader.seen), [0, 1, 2, 3, 0, 1, 2, 4, 5, 6, 7]);
  }
});

Deno.test("Deduplicator waits for its anchor after a false time", () => {
  const log = logOf(12).map((one) =>
    one.serial === 2 ? { ...one, timestamp: undefined, ahead: 600_000 } : one
  );
  const reader = new LogReader();
  reader.read(log.slice(5, 8));
  reader.restart();
  for (let i = 0; i < 4; i++) reader.read(log, Infinity, 5000);
  assertEquals(serials(reader.seen), log.slice(5).map(({ serial }) => serial));
  assertEquals(reader.rereads, 0);
});

Deno.test("Deduplicator waits for its anchor in a topic that was read by time", () => {
  const log = [entry(1, 1000), entry(2, 1001), entry(3, 500), entry(4, 2500)];
  const reader = new LogReader();
  reader.take({ ...entry(0, 2000), key: "other/0" });
  reader.read(log.slice(2, 3));
  reader.restart();
  for (let i = 0; i < 4; i++) reader.read(log);
  assertEquals(serials(reader.seen), [0, 3, 4]);
});

Deno.test("Deduplicator re-reads a gap once, and accepts the new events", () => {
  const log = logOf(10);
  const reader = new LogReader();
  reader.deduplicator.connected();
  const verdicts = [...log.slice(0, 4), log[6]!].map((one) => reader.take(one));
  assertEquals(verdicts, ["handled", "handled", "handled", "handled", "reread"]);
  reader.read(log);
  assertEquals(serials(reader.seen), [...log.keys()]);
  assertEquals(reader.deduplicator.counts.gaps, 0);
});

Deno.test("Deduplicator counts a gap that remains, and stops re-reading", () => {
  const log = logOf(36).filter(({ serial }) => serial % 6 < 4);
  const reader = new LogReader();
  reader.read(log);
  assertEquals(serials(reader.seen), serials(log));
  assertEquals(reader.rereads, 3);
  assertEquals(reader.deduplicator.counts.gaps, 5);
  assertEquals(reader.deduplicator.counts.missing, 10);
  assertEquals(reader.gaps[0], { key: KEY, missing: 2, from: 1003, to: 1006 });
});

Deno.test("Deduplicator does not count single missing offsets as lost", () => {
  const log = logOf(30).filter(({ serial }) => serial % 5 !== 4);
  const reader = new LogReader();
  reader.read(log);
  assertEquals(serials(reader.seen), serials(log));
  assertEquals(reader.rereads, 3);
  const { gaps, missing, skipped } = reader.deduplicator.counts;
  assertEquals([gaps, missing, skipped, reader.gaps.length], [0, 0, 5, 0]);
});

Deno.test("Deduplicator continues if upstream has deleted the anchor", () => {
  const log = logOf(30);
  for (const isRestarted of [false, true]) {
    const reader = new LogReader();
    reader.read(log, 10);
    if (isRestarted) reader.restart();
    reader.read(log.slice(20));
    assertEquals(serials(reader.seen), [...serials(log.slice(0, 10)), ...serials(log.slice(20))]);
    assertEquals(reader.deduplicator.counts.missing, 10);
    assertEquals(reader.rereads, 1);
  }
});

Deno.test("Deduplicator drops any number of events before the anchor", () => {
  const log = logOf(30_000, 10);
  const reader = new LogReader();
  reader.position.advance(log[25_000]!);
  reader.read(log, Infinity, 250_000);
  assertEquals(serials(reader.seen), serials(log.slice(25_001)));
  assertEquals(reader.deduplicator.counts.dropped, 25_001);
});

Deno.test("Deduplicator re-reads once if the anchor was lost, and after a restart", () => {
  const log = logOf(30);
  const reader = new LogReader();
  reader.position.advance(log[15]!);
  reader.deduplicator.connected();
  const torn = log.filter(({ serial }) => serial !== 15).slice(10, 16);
  const verdicts = torn.map((one) => reader.take(one));
  assertEquals(verdicts.indexOf("reread"), 5);
  assertEquals(reader.seen, []);
  reader.read(log, Infinity, 5);
  assertEquals(serials(reader.seen), serials(log.slice(16)));
});

Deno.test("Deduplicator drops what one connection sends twice", () => {
  const reader = new LogReader();
  const log = logOf(5);
  reader.read([...log, log[2]!, log[4]!, entry(5, 1005)]);
  assertEquals(serials(reader.seen), [0, 1, 2, 3, 4, 5]);
  assertEquals(reader.deduplicator.counts.dropped, 2);
});

Deno.test("Deduplicator counts rejected frames once, even before an event", () => {
  const log = [
    refused(0, 1000),
    refused(1, 1000),
    entry(2, 1001),
    refused(3, 1001),
    entry(4, 1002),
  ];
  const reader = new LogReader();
  reader.position.track(KEY);
  for (const count of [1, 2, 4]) {
    reader.read(log, count);
    reader.restart();
  }
  reader.read(log);
  assertEquals(serials(reader.seen), [...log.keys()]);
  assertEquals(reader.deduplicator.counts.gaps, 0);
});

Deno.test("Deduplicator counts a rejected frame behind lost events once", () => {
  const log = [
    ...logOf(3),
    entry(3, 1003),
    entry(4, 1004),
    refused(5, 1005),
    refused(6, 1006),
    entry(7, 1007),
    refused(8, 1008),
    entry(9, 1009),
  ];
  for (const lost of [[3], [4], [3, 4]]) {
    const reader = new LogReader();
    reader.read(log, Infinity, 0, ({ serial }) => reader.rereads > 0 || !lost.includes(serial));
    assertEquals(serials(reader.seen).toSorted((a, b) => a - b), [...log.keys()], String(lost));
    assertEquals([reader.rereads, reader.deduplicator.counts.gaps], [1, 0]);
  }
});

Deno.test("Deduplicator counts a rejected frame once if lost events follow", () => {
  const log = [...logOf(5), refused(5, 1005), entry(6, 1006)];
  for (const lost of [[3, 4], [4]]) {
    const reader = new LogReader();
    reader.read(log, 6, 0, ({ serial }) => !lost.includes(serial));
    for (const count of [3, Infinity]) {
      reader.restart();
      reader.read(log, count);
    }
    assertEquals(serials(reader.seen).toSorted((a, b) => a - b), [...log.keys()], String(lost));
  }
});

Deno.test("Deduplicator.unresolved counts events dropped before an anchor", () => {
  const log = logOf(30);
  const reader = new LogReader();
  reader.read(log, 20);
  reader.read(log, 10, 15);
  assertEquals([reader.deduplicator.resumed, reader.deduplicator.unresolved], [false, 10]);
  reader.read(log, 20, 15);
  assertEquals([reader.deduplicator.resumed, reader.deduplicator.unresolved], [true, 0]);
});
