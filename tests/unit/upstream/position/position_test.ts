import { assert, assertEquals, assertThrows } from "@std/assert";
import { readEventId, writeEventId } from "../../../../lib/upstream/parse/event_id.ts";
import { hasId, shortened } from "../../../../lib/upstream/position/anchor.ts";
import { MAX_TRACKED, NOWHERE, Position } from "../../../../lib/upstream/position/position.ts";

const KEY = "eqiad.mediawiki.recentchange/0";

Deno.test("Position keeps the highest timestamp, and the last event's anchor", () => {
  const position = new Position(10);
  position.advance({ key: KEY, timestamp: 50, offset: 1, id: "a" });
  position.advance({ key: KEY, timestamp: 20, offset: 2, id: "b" });
  position.advance({ key: KEY, timestamp: undefined, offset: 3, id: "c" });
  assertEquals(position.get(KEY), {
    timestamp: 50,
    highest: 50,
    offset: 3,
    id: "c",
    rejected: 0,
  });
});

Deno.test("Position has only a received T, even if the start is later", () => {
  const position = new Position(1000);
  position.track(KEY);
  position.advance({ key: KEY, timestamp: undefined, ahead: 5000, offset: 1, id: "a" });
  assertEquals(position.get(KEY)!.timestamp, 1000);
  for (const times of [{ timestamp: 50 }, { timestamp: undefined, ahead: 50 }]) {
    const other = new Position(1000);
    other.advance({ key: KEY, ...times, offset: 1, id: "a" });
    const { timestamp, highest } = other.get(KEY)!;
    assertEquals([timestamp, highest], [50, 1000]);
  }
});

Deno.test("Position counts rejected frames after its anchor, and keeps T", () => {
  const position = new Position(10);
  position.advance({ key: KEY, timestamp: 50, offset: 1, id: "a" });
  for (const timestamp of [60, 70]) {
    position.advance({ key: KEY, timestamp, offset: undefined, id: undefined });
  }
  assertEquals(position.get(KEY), {
    timestamp: 50,
    highest: 50,
    offset: 1,
    id: "a",
    rejected: 2,
  });
});

Deno.test("Position survives JSON, with 48 bits of each id", () => {
  const position = new Position(10);
  position.track("codfw.mediawiki.recentchange/0");
  position.advance({ key: KEY, timestamp: 50, offset: 1, id: "a" });
  const again = Position.fromJSON(JSON.parse(JSON.stringify(position)));
  const partitions = [...position.partitions].map(([key, one]) => [
    key,
    { ...one, id: shortened(one.id) },
  ]);
  assertEquals([...again.partitions], partitions as never);
  assertEquals([again.start, again.reached, again.earliest], [10, 50, 10]);
  assert(hasId(again.get(KEY)!.id, "a") && !hasId(again.get(KEY)!.id, "b"));
});

Deno.test("Position.fromJSON() reads positions of the first version", () => {
  const first = { start: 10, places: { [KEY]: [50, 1, "a", 2], "codfw.a/0": [10, -1, "", 0] } };
  assertEquals([...Position.fromJSON(first).partitions], [
    [KEY, { timestamp: 50, highest: 50, offset: 1, id: "a", rejected: 2 }],
    ["codfw.a/0", { timestamp: 10, highest: 10, offset: -1, id: "", rejected: 0 }],
  ]);
});

Deno.test("Position.fromJSON() throws for anything else", () => {
  const { places } = new Position(0, [[KEY, {
    timestamp: 1,
    highest: 1,
    offset: 1,
    id: "a",
    rejected: 0,
  }]]).toJSON();
  const hostile = [
    null,
    {},
    { start: -1, places: {} },
    { start: 0, places: { x: [0, 0, "", 0] } },
    { start: 0, places },
    { v: 3, start: 0, places },
    ...[";", "x", places.slice(1), `${places};`, `!${places.slice(1)}`, places.replace("/", "")]
      .map((places) => ({ v: 2, start: 0, places })),
  ];
  for (const json of hostile) assertThrows(() => Position.fromJSON(json));
});

Deno.test("Position tracks a bounded number of topic-partitions", () => {
  const position = new Position(0);
  for (let i = 0; i < 2000; i++) position.track(`topic-${i}/0`);
  for (let i = 0; i < 2000; i++) {
    position.advance({ key: `more-${i}/0`, timestamp: 1, offset: 1, id: "a" });
  }
  assertEquals(position.partitions.size, MAX_TRACKED);
});

Deno.test("Position ignores a frame without a known topic-partition", () => {
  const position = new Position(0);
  position.advance({ key: NOWHERE, timestamp: undefined, offset: undefined, id: undefined });
  assertEquals(position.partitions.size, 0);
});

Deno.test("Position.startAt() moves the start back, for unseen topics too", () => {
  const position = new Position(100);
  position.track("idle/0");
  position.advance({ key: KEY, timestamp: 150, offset: 1, id: "a" });
  position.startAt(120);
  assertEquals(position.start, 100);
  position.startAt(50);
  assertEquals([position.start, position.get("idle/0")!.timestamp], [50, 50]);
  assertEquals(position.get(KEY)!.timestamp, 150);
});

Deno.test("Position replaces its start by the first credible timestamp", () => {
  const position = new Position(1000);
  position.advance({ key: KEY, timestamp: undefined, ahead: 5000, offset: 1, id: "a" });
  position.startAt(60);
  position.advance({ key: KEY, timestamp: 50, offset: 2, id: "b" });
  const { timestamp, highest } = position.get(KEY)!;
  assertEquals([timestamp, highest], [50, 5000]);
});

Deno.test("Position.startAt() keeps the start as the highest timestamp", () => {
  const position = new Position(100);
  position.track("idle/0");
  position.startAt(50);
  position.copy().startAt(40);
  for (const one of [position, position.copy()]) {
    one.track("new/0");
    one.advance({ key: KEY, timestamp: 60, offset: 1, id: "a" });
    assertEquals([...one.partitions.values()].map(({ highest }) => highest), [100, 100, 100]);
  }
});

Deno.test("Position.track() keeps what others have reached as the highest", () => {
  const position = new Position(100);
  position.advance({ key: KEY, timestamp: 150, offset: 1, id: "a" });
  position.track("new/0");
  position.startAt(50);
  position.advance({ key: "new/0", timestamp: 20, offset: 1, id: "b" });
  const { timestamp, highest } = position.get("new/0")!;
  assertEquals([timestamp, highest], [20, 150]);
});

Deno.test("readEventId() reads what the service sends", () => {
  const id =
    '[{"topic":"eqiad.a","partition":0,"timestamp":5},{"topic":"codfw.a","partition":1,"offset":-1}]';
  assertEquals(readEventId(id), [
    { topic: "eqiad.a", partition: 0, key: "eqiad.a/0", next: 5 },
    { topic: "codfw.a", partition: 1, key: "codfw.a/1", next: undefined },
  ]);
});

Deno.test("readEventId() returns no entries for anything else", () => {
  const hostile = [
    ...[
      "",
      "7",
      "[",
      "[1,null,[]]",
      '{"topic":"a"}',
      '[{"topic":"a"}]',
      '[{"topic":"","partition":0}]',
    ],
    ...[
      '[{"topic":"a/b","partition":0}]',
      '[{"topic":"a","partition":-1}]',
      '[{"topic":"a","partition":1000000}]',
      `[{"topic":"${"x".repeat(250)}","partition":0}]`,
      '[{"topic":"a b","partition":0}]',
      `[${" ".repeat(20_000)}]`,
    ],
  ];
  for (const id of hostile) assertEquals(readEventId(id), [], id.slice(0, 40));
});

Deno.test("writeEventId() requests each topic-partition by time", () => {
  assertEquals(
    writeEventId([["eqiad.a/0", 5], ["codfw.a/12", 7]]),
    '[{"topic":"eqiad.a","partition":0,"timestamp":5},{"topic":"codfw.a","partition":12,"timestamp":7}]',
  );
});
