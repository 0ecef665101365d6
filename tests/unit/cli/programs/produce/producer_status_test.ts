import { assertEquals } from "@std/assert";
import { newPublisherCounts } from "../../../../../lib/kafka/publish/publisher.ts";
import {
  producerStatus,
  producerWatch,
} from "../../../../../lib/cli/programs/produce/producer_status.ts";
import { newCounts, type ProduceCounts } from "../../../../../lib/produce/counts.ts";
import { statusText } from "../../../../../lib/terminal/status_line.ts";
import type { StreamState } from "../../../../../lib/upstream/options.ts";
import type { Cause } from "../../../../../lib/upstream/connection/failure.ts";

const NOW = Date.UTC(2026, 0, 1);

function reading(): ProduceCounts {
  return Object.assign(
    newCounts(),
    {
      published: 12_345,
      handledAt: NOW,
      lastEventAt: NOW - 1234,
      publisher: { ...newPublisherCounts(), batches: 9, aborted: 0, restarts: 0, connected: true },
      stream: {
        state: "reading",
        connected: true,
        arrivals: 0,
        bytes: 0,
        keepAlives: 0,
        passed: 0,
        dropped: 3,
        gaps: 1,
        missing: 7,
        skipped: 0,
        renumbered: 0,
        reconnects: new Map<Cause, number>([["end", 1], ["idle", 1]]),
      },
    } as const,
  );
}

function look(counts: ProduceCounts, more: Partial<Parameters<typeof producerStatus>[0]> = {}) {
  return producerStatus({
    counts,
    edits: 12.34,
    events: 31,
    until: undefined,
    isStopping: false,
    now: NOW,
    idleTimeout: 40_000,
    pace: 1000,
    ...more,
  });
}

Deno.test("producerStatus() has a line of text and the numbers", () => {
  const status = look(reading());
  assertEquals(
    statusText(status),
    "reading, 12 edits/s, 31 events/s, 1.2s behind, 12,345 published, 1 gap, 2 reconnects, " +
      "3 duplicates dropped",
  );
  assertEquals(status.facts, {
    edits_per_second: 12.3,
    events_per_second: 31,
    lag_seconds: 1.234,
    published: 12_345,
    refused: 0,
    dead_letters: 0,
    gaps: 1,
    reconnects: 2,
    repeats: 3,
  });
});

Deno.test("producerStatus() shows rejections only if there are any", () => {
  const counts = reading();
  counts.refused.set("bad JSON", 2);
  counts.deadLetters = 1;
  assertEquals(look(counts).parts.slice(4, 6), ["2 rejected", "1 dead letter"]);
});

Deno.test("producerStatus() shows the progress of a back-fill, and its end", () => {
  const HOUR = 3_600_000;
  const times = { beganAt: NOW - 8 * HOUR, lastEventAt: NOW - 2 * HOUR };
  const counts = { ...reading(), ...times, lastEventAge: 2 * HOUR };
  const live = look(counts, { pace: 101_000 });
  assertEquals([live.state, live.progress, live.parts[0]], [
    ...["back-fill", 0.75, "6h covered, 1m 12s left"],
  ]);
  const until = look(counts, { until: NOW - HOUR, pace: 100_000 });
  assertEquals([until.progress, until.parts[0]], [6 / 7, "6h covered, 36s left"]);
  assertEquals(look(counts, { pace: 900 }).parts[0], "6h covered", "it does not catch up");
  assertEquals(look(reading()).progress, undefined, "live is no back-fill");
  const quiet = { ...reading(), ...times, lastEventAge: 1000 };
  assertEquals(look(quiet).progress, undefined, "nor is a live stream that is quiet");
  counts.publisher!.connected = false;
  assertEquals(look(counts).state, "Kafka is unreachable", "what is wrong comes first");
});

Deno.test("producerStatus() shows the worst state", () => {
  const states = (change: (counts: ProduceCounts) => void, more = {}) => {
    const counts = reading();
    change(counts);
    const { state, isHealthy } = look(counts, more);
    return [state, isHealthy];
  };
  assertEquals(states(() => {}), ["reading", true]);
  assertEquals(states((counts) => counts.stream = undefined), ["starting", true]);
  assertEquals(states((counts) => counts.publisher!.connected = false), [
    "Kafka is unreachable",
    false,
  ]);
  const unconnected = (state: StreamState) => (counts: ProduceCounts) =>
    void Object.assign(counts.stream!, { state, connected: false });
  assertEquals(states(unconnected("away")), ["the stream is unreachable", false]);
  assertEquals(states(unconnected("connecting")), ["connecting", true]);
  for (const state of ["connecting", "away"] as const) {
    const before = (counts: ProduceCounts) => {
      counts.stream!.state = state;
      counts.handledAt = undefined;
    };
    assertEquals(states(before), ["connected, no events yet", true]);
  }
  assertEquals(states((counts) => counts.stream!.state = "ended"), ["ending", true]);
  assertEquals(states((counts) => counts.handledAt = NOW - 12_000), ["silent for 12s", false]);
  assertEquals(states(() => {}, { isStopping: true }), ["stopping", true]);
});

Deno.test("producerWatch() computes rates between calls", () => {
  const counts = reading();
  let now = NOW;
  const look = producerWatch(counts, {
    ...{
      until: undefined,
      idleTimeout: 60_000,
      stop: new AbortController().signal,
      now: () => now,
    },
  });
  assertEquals(look().parts[0], "0 edits/s");
  now += 2000;
  counts.published += 50;
  counts.events += 100;
  assertEquals(look().parts.slice(0, 2), ["25 edits/s", "50 events/s"]);
});

Deno.test("producerStatus() shows that Kafka rejects records, or throttles", () => {
  const counts = reading();
  counts.publisher!.throttledUntil = NOW - 4000;
  assertEquals([look(counts).state, look(counts).isHealthy], ["throttled by Kafka", false]);
  counts.publisher!.throttledUntil = NOW - 6000;
  assertEquals(look(counts).state, "reading");
  counts.publisher!.rejecting = true;
  assertEquals([look(counts).state, look(counts).isHealthy], ["Kafka rejects the records", false]);
});
