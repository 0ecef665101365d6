import { assert, assertEquals } from "@std/assert";
import type { ReceivedEvent } from "../../../lib/upstream/parse/received_event.ts";
import { Position } from "../../../lib/upstream/position/position.ts";
import { EventStream } from "../../../lib/upstream/stream.ts";
import {
  LogService,
  type LogServiceOptions,
  type ServedEvent,
} from "../../support/stream/log_service.ts";
import fc from "../../support/tools/fast_check.ts";

const START = 1_700_000_000_000;
const KEY = "eqiad.mediawiki.recentchange/0";
const MINUTE = 60_000;

/** Clocks that stand still unless they are set. */
interface Clocks {
  local: number;
  monotonic: number;
}

function eventsAt(times: readonly number[]): ServedEvent[] {
  return times.map((timestamp, offset) => ({ timestamp, offset, id: `id-${offset}` }));
}

/** Reads a log in several runs of a producer, and returns the offsets of handled events. */
async function handle(
  log: readonly ServedEvent[],
  runs: readonly number[],
  clocks: Clocks,
  options: LogServiceOptions = {},
): Promise<{ offsets: number[]; position: Position; service: LogService }> {
  const service = new LogService(log, options);
  let position = new Position(log[0]!.timestamp);
  const offsets: number[] = [];
  for (const end of runs) {
    if (offsets.length >= end) continue;
    const stop = new AbortController();
    const stream = new EventStream({
      url: new URL("http://upstream.test/"),
      userAgent: "test",
      position,
      stop: stop.signal,
      idleTimeout: 60_000,
      fetch: service.fetch,
      now: () => clocks.local,
      monotonic: () => clocks.monotonic,
      random: () => 0,
    });
    const take = (arrival: ReceivedEvent) => {
      position.advance(arrival);
      offsets.push(arrival.offset!);
    };
    for await (const arrivals of stream) {
      arrivals.forEach(take);
      if (offsets.length >= end) break;
    }
    position = Position.fromJSON(JSON.parse(JSON.stringify(position)));
  }
  return { offsets, position, service };
}

const all = (log: readonly ServedEvent[]) => log.map(({ offset }) => offset);

/** Returns 20 events, and many more ten minutes later. */
const later = eventsAt([
  ...Array.from({ length: 20 }, (_, i) => START + i),
  ...Array.from({ length: 14_000 }, (_, i) => START + 10 * MINUTE + 25 * i),
]);

for (const sleeps of [false, true]) {
  const how = sleeps ? "that slept" : "whose clock is set back";
  Deno.test(`EventStream duplicates nothing on a machine ${how}`, async () => {
    const clocks = { local: START, monotonic: 0 };
    const { offsets, position } = await handle(later, [7000, 14_020], clocks, {
      date: () => START + clocks.monotonic,
      onEvent: ({ offset, timestamp }) => {
        clocks.local = START - 10 * MINUTE;
        if (offset >= 20 && !sleeps) clocks.monotonic = timestamp - START;
      },
    });
    assertEquals(offsets, all(later));
    assertEquals(position.get(KEY)!.timestamp, later.at(-1)!.timestamp, "T moved on");
  });
}

Deno.test("EventStream ignores a single timestamp years ahead", async () => {
  const times = Array.from({ length: 60 }, (_, i) => START + i);
  const log = eventsAt(times.map((time, i) => i % 9 === 5 ? time + 1e11 : time));
  for (const date of [START, START - 60 * MINUTE]) {
    const clocks = { local: START, monotonic: 0 };
    const { offsets, position } = await handle(log, [30, 60], clocks, { date: () => date });
    assertEquals(offsets, all(log));
    assert(position.get(KEY)!.timestamp <= START + 60);
  }
});

Deno.test("EventStream corrects a start in the future, even without a Date", async () => {
  const log = eventsAt(Array.from({ length: 20 }, (_, i) => START + 1000 * i));
  for (const date of [START, undefined]) {
    const clocks = { local: START + 60 * MINUTE, monotonic: 0 };
    const service = new LogService(log, { date: () => date, count: () => 5 });
    const asked: number[] = [];
    const position = new Position(START + 60 * MINUTE);
    const stream = new EventStream({
      url: new URL("http://upstream.test/"),
      userAgent: "test",
      position,
      stop: new AbortController().signal,
      idleTimeout: 60_000,
      // The real service treats a time in the future as "from now on".
      fetch: (input, init) => {
        const url = new URL(String(input));
        if (url.searchParams.has("since")) url.searchParams.set("since", "0");
        return service.fetch(url, init);
      },
      now: () => clocks.local,
      monotonic: () => clocks.monotonic,
      random: () => 0,
      margin: 0,
    });
    for await (const arrivals of stream) {
      asked.push(...arrivals.map(({ offset }) => offset!));
      if (asked.length >= 12) break;
    }
    assertEquals(asked, [...asked.keys()], String(date));
    assertEquals(stream.start, START);
  }
});

Deno.test("EventStream makes progress if duplicates fill whole connections", async () => {
  const log = eventsAt(Array.from({ length: 12_000 }, (_, i) => START + Math.floor(i / 2)));
  const clocks = { local: START + 10_000, monotonic: 0 };
  const { offsets } = await handle(log, [12_000], clocks, {
    date: () => START + 10_000,
    count: () => 5000,
  });
  assertEquals(offsets, all(log));
});

Deno.test("EventStream yields each event once, with any clocks", async () => {
  const step = fc.record({
    /** The number of events until the next change. */
    events: fc.integer({ min: 1, max: 40 }),
    /**
     * The changes in ms of the true time and this machine's clock, and whether monotonic time
     * stops.
     */
    passes: fc.oneof(fc.nat(50), fc.nat(30 * MINUTE)),
    local: fc.oneof(fc.constant(0), fc.integer({ min: -1e9, max: 1e9 })),
    sleeps: fc.boolean(),
    drift: fc.integer({ min: -50, max: 50 }),
    /** The error of the service's own clock; `undefined`: it sends no time. */
    skew: fc.option(fc.oneof(fc.constant(0), fc.integer({ min: -1e12, max: 1e8 })), {
      nil: undefined,
    }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 4 }),
      async (steps, counts, ends) => {
        let time = START;
        const changes = new Map<number, typeof steps[number]>();
        const times: number[] = [];
        for (const one of steps) {
          time += one.passes;
          changes.set(times.length, one);
          for (let i = 0; i < one.events; i++) times.push(time + i);
        }
        const log = eventsAt(times);
        const clocks = { local: START, monotonic: 0 };
        let now = START;
        let skew: number | undefined = 0;
        const { offsets } = await handle(
          log,
          [...ends.filter((end) => end < log.length).sort((a, b) => a - b), log.length],
          clocks,
          {
            // A connection is long enough to end among new events.
            count: (connection) => 5000 + counts[connection % counts.length]!,
            date: () => skew === undefined ? undefined : now + skew,
            onEvent: ({ offset, timestamp }) => {
              if (timestamp <= now) return;
              const passed = timestamp - now;
              now = timestamp;
              const change = changes.get(offset);
              skew = change === undefined ? skew : change.skew;
              clocks.local += passed + (change?.local ?? 0);
              if (change?.sleeps !== true) {
                clocks.monotonic += passed * (1 + (change?.drift ?? 0) / 100);
              }
            },
          },
        );
        assertEquals(offsets, all(log));
      },
    ),
    { numRuns: 200 },
  );
});
