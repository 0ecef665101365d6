import { assertEquals, assertThrows } from "@std/assert";
import { Board } from "../../../lib/page/board.ts";
import { pageEdit } from "../../support/page/edits.ts";

const NOW = 1_700_000_000_000;

Deno.test("Board has the rate of ten seconds, and the window's total", () => {
  const board = new Board({ topic: "edits" });
  board.answered(NOW);
  board.caughtUp();
  for (let ms = 0; ms < 60_000; ms += 100) {
    const time = NOW - 60_000 + ms;
    board.add(pageEdit({ time: time - 900, isBot: ms % 500 === 0 }), time);
  }
  const { health, rate, total, lag, settled } = board.status(NOW);
  assertEquals({ health, rate, total, lag, settled }, {
    health: "live",
    rate: { humans: 8, bots: 2 },
    total: { humans: 480, bots: 120 },
    lag: 900,
    settled: NOW - 2000,
  });
});

Deno.test("Board without new edits has rate 0, and an idle health", () => {
  const board = new Board({ topic: "edits" });
  board.caughtUp();
  for (let ms = 0; ms < 10_000; ms += 100) board.add(pageEdit({ time: NOW + ms }), NOW + ms);
  board.answered(NOW + 80_000);
  const { health, rate, lastEdit } = board.status(NOW + 80_000);
  assertEquals({ health, rate, lastEdit }, {
    health: "silent",
    rate: { humans: 0, bots: 0 },
    lastEdit: NOW + 9900,
  });
});

Deno.test("Board counts history at its own time, without lag or news", () => {
  const board = new Board({ topic: "edits" });
  board.answered(NOW);
  for (const minutes of [50, 15, 30, 20]) {
    board.add(pageEdit({ time: NOW - minutes * 60_000, title: `${minutes}` }), NOW);
  }
  assertEquals(board.status(NOW).health, "loading");
  board.caughtUp();
  const { status, edits, bins } = board.snapshot(NOW);
  assertEquals([status.health, status.lag, status.total.humans], ["silent", null, 4]);
  assertEquals(edits.map(({ title }) => title), ["15", "20", "30", "50"]);
  assertEquals(bins.length, 4);
  assertEquals(board.takeEdits(), []);
});

Deno.test("Board ranks only wikis, pages and users of the window", () => {
  const board = new Board({ topic: "edits" });
  board.caughtUp();
  board.add(pageEdit({ time: NOW - 3_700_000, title: "Old", delta: 9999 }), NOW);
  board.add(pageEdit({ time: NOW - 3_500_000, title: "A/B", user: null }), NOW);
  board.add(pageEdit({ time: NOW, title: "A/B", delta: -50 }), NOW);
  const { wikis, pages, users, biggest } = board.tops(NOW);
  assertEquals(wikis, [{ name: "en.wikipedia.org", count: 2 }]);
  assertEquals(pages, [{ name: "en.wikipedia.org/A/B", count: 2 }]);
  assertEquals(users, [{ name: "Tomte", count: 1 }]);
  assertEquals(biggest.map(({ delta }) => delta), [-50, 10]);
  assertEquals(board.tops(NOW + 3_600_000).pages, []);
});

Deno.test("Board counts edits from the future as of now", () => {
  const board = new Board({ topic: "edits" });
  board.caughtUp();
  board.add(pageEdit({ time: NOW + 86_400_000 }), NOW);
  assertEquals([board.status(NOW).total.humans, board.status(NOW).lag], [1, 0]);
});

Deno.test("Board stays within its bounds at 1,000 edits per second", () => {
  const board = new Board({ topic: "edits" });
  board.caughtUp();
  for (let n = 0; n < 300_000; n++) {
    const now = NOW + n;
    board.add(pageEdit({ time: now, title: `Page ${n}`, user: `User ${n}` }), now);
  }
  const { tops, edits, bins } = board.snapshot(NOW + 300_000);
  assertEquals([edits.length, bins.length], [300, 30]);
  assertEquals(tops.since >= NOW + 200_000, true);
  assertEquals(board.takeEdits().length, 250);
});

Deno.test("Board throws RangeError for a window that is too short or long", () => {
  for (const window of [59_999, 86_400_001, NaN]) {
    assertThrows(
      () => new Board({ topic: "edits", window }),
      RangeError,
      `Cannot create a board: 'window' is ${window} ms, expected 1 minute to 24 hours`,
    );
  }
});
