import { assertEquals } from "@std/assert";
import { Position } from "../../../lib/upstream/position/position.ts";
import { gatherLog } from "../../support/programs/logged.ts";
import {
  frame,
  frames,
  IDLE_TOPIC,
  openStream,
  scriptedService,
  streamOf,
  take,
  TOPIC,
} from "../../support/stream/scripted.ts";

Deno.test("EventStream continues after a cut within a frame, each event once", async () => {
  const { fetch, requests } = scriptedService([
    streamOf(frames(0, 5) + frame(5).slice(0, 100), "break"),
    streamOf(frames(2, 8)),
    streamOf(frames(7, 10)),
  ]);
  const { events } = openStream(fetch);
  assertEquals(await take(events, 10), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assertEquals(events.counts.dropped, 4);
  assertEquals([...events.counts.reconnects], [["cut", 1], ["end", 1]]);
  assertEquals(requests[0], { since: "1000", lastEventId: undefined });
  // T is the highest Kafka timestamp received, not the id as sent. The idle topic is requested,
  // too.
  assertEquals(requests[1], {
    since: null,
    lastEventId: [
      { topic: TOPIC, partition: 0, timestamp: 1004 },
      { topic: IDLE_TOPIC, partition: 0, timestamp: 1000 },
    ],
  });
});

Deno.test("EventStream keeps a position per topic, even if one is ahead", async () => {
  const ahead = frame(0, { topic: IDLE_TOPIC, at: 9_000_000 });
  const { fetch, requests } = scriptedService([
    streamOf(frame(0) + ahead + frame(1)),
    streamOf(frames(1, 3)),
  ]);
  const { events } = openStream(fetch, { now: () => 10_000_000 });
  assertEquals(await take(events, 4), [0, 0, 1, 2]);
  assertEquals(requests[1]!.lastEventId!.map(({ timestamp }) => timestamp), [1001, 9_000_000]);
});

Deno.test("EventStream resumes from a saved position", async () => {
  const position = new Position(0);
  const key = `${TOPIC}/0`;
  position.advance({ key, timestamp: 1003, offset: 3, id: `id-${TOPIC}-3` });
  const { fetch, requests } = scriptedService([streamOf(frames(1, 6))]);
  const { events } = openStream(fetch, { position, margin: 2 });
  assertEquals(await take(events, 2), [4, 5]);
  assertEquals(requests[0]!.lastEventId, [{ topic: TOPIC, partition: 0, timestamp: 1001 }]);
  assertEquals(position.get(key)!.offset, 3, "the caller's position is not moved");
});

Deno.test("EventStream ignores timestamps far ahead of now", async () => {
  const { fetch, requests } = scriptedService([
    streamOf(frame(0) + frame(1, { at: 500_000 })),
    streamOf(frames(1, 3)),
  ]);
  const { events } = openStream(fetch, { now: () => 100_000 });
  await take(events, 3);
  assertEquals(requests[1]!.lastEventId![0]!.timestamp, 1000);
});

Deno.test("EventStream uses the service's clock if this machine's is slow", async () => {
  const at = (offset: number) => frame(offset, { at: 500_000 + offset });
  const { fetch, requests } = scriptedService([
    streamOf(at(0) + at(1), "end", 500_000),
    streamOf(at(1) + at(2), "end", 500_000),
  ]);
  using log = gatherLog();
  const { events } = openStream(fetch, { now: () => 100_000 });
  assertEquals(await take(events, 3), [0, 1, 2]);
  assertEquals(requests[1]!.lastEventId![0]!.timestamp, 500_001);
  assertEquals(log.lines, [
    "warning: This machine's clock is 6m 40s behind that of the service: set it",
  ]);
});

Deno.test("EventStream begins again at once if this machine's clock is fast", async () => {
  const { fetch, requests } = scriptedService([
    // Read from the service's "now" on: earlier events would come after later ones.
    streamOf(frame(2), "end", 1000),
    streamOf(frames(0, 3), "end", 1000),
  ]);
  const { events } = openStream(fetch, { position: new Position(500_000), now: () => 500_000 });
  assertEquals(await take(events, 3), [0, 1, 2]);
  assertEquals(requests.map(({ since }) => since), ["500000", "1000"]);
  assertEquals(events.start, 1000);
});

Deno.test("EventStream rejects an event of a topic that its id does not name", async () => {
  const others = Array.from(
    { length: 100 },
    (_, i) =>
      frame(i).replace(
        `"topic":"${TOPIC}","partition":0,"offset"`,
        `"topic":"other${i}","partition":0,"offset"`,
      ),
  );
  const { fetch } = scriptedService([streamOf(others.join("") + frame(0))]);
  const { events } = openStream(fetch);
  assertEquals(await take(events, 101), [...others.map(() => "wrong shape: meta.topic"), 0]);
  assertEquals([...events.topicPartitions], [`${TOPIC}/0`, `${IDLE_TOPIC}/0`]);
});

Deno.test("EventStream does not request the topic of a frame without an id", async () => {
  const { fetch, requests } = scriptedService([
    streamOf("data: {\n\n" + frame(0)),
    streamOf(frames(0, 2)),
  ]);
  const { events } = openStream(fetch);
  assertEquals(await take(events, 3), ["bad JSON", 0, 1]);
  assertEquals(requests[1]!.lastEventId!.map(({ topic }) => topic), [TOPIC, IDLE_TOPIC]);
});

Deno.test("EventStream yields rejected frames with the reason, and continues", async () => {
  const bad = frame(1).replace('{"$schema"', '{"$schema');
  const shapeless = frame(2).replace('"meta"', '"beta"');
  const { fetch } = scriptedService([streamOf(frame(0) + bad + shapeless + frame(3))]);
  const { events } = openStream(fetch);
  assertEquals(await take(events, 4), [0, "bad JSON", "wrong shape: meta", 3]);
  assertEquals(events.counts.gaps, 0);
});

Deno.test("EventStream reads a gap again once, and counts one that remains", async () => {
  const { fetch, requests } = scriptedService([
    streamOf(frames(0, 3) + frames(5, 7)),
    streamOf(frames(2, 5) + frames(8, 9)),
    streamOf(frames(4, 5) + frames(8, 9)),
  ]);
  const { events } = openStream(fetch);
  assertEquals(await take(events, 6), [0, 1, 2, 3, 4, 8]);
  assertEquals([requests.length, events.counts.gaps, events.counts.missing], [3, 1, 3]);
});
