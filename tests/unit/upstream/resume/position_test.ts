import { assertEquals, assertThrows } from "@std/assert";
import { readEventId, writeEventId } from "../../../../lib/upstream/parse/event_id.ts";
import { MAX_PLACES, NOWHERE, Position } from "../../../../lib/upstream/resume/position.ts";

const KEY = "eqiad.mediawiki.recentchange/0";

Deno.test("Position keeps T at the highest timestamp, and the last event as its anchor", () => {
  const position = new Position(10);
  position.advance({ key: KEY, timestamp: 50, offset: 1, id: "a" });
  position.advance({ key: KEY, timestamp: 20, offset: 2, id: "b" });
  position.advance({ key: KEY, timestamp: undefined, offset: 3, id: "c" });
  assertEquals(position.get(KEY), { timestamp: 50, offset: 3, id: "c", refused: 0 });
});

Deno.test("Position counts refused frames behind its anchor, without moving T", () => {
  const position = new Position(10);
  position.advance({ key: KEY, timestamp: 50, offset: 1, id: "a" });
  for (const timestamp of [60, 70]) {
    position.advance({ key: KEY, timestamp, offset: undefined, id: undefined });
  }
  assertEquals(position.get(KEY), { timestamp: 50, offset: 1, id: "a", refused: 2 });
});

Deno.test("Position survives JSON", () => {
  const position = new Position(10);
  position.know("codfw.mediawiki.recentchange/0");
  position.advance({ key: KEY, timestamp: 50, offset: 1, id: "a" });
  const again = Position.fromJSON(JSON.parse(JSON.stringify(position)));
  assertEquals([...again.places], [...position.places]);
  assertEquals([again.start, again.reached, again.earliest], [10, 50, 10]);
});

Deno.test("Position.fromJSON() throws for what it did not write", () => {
  const hostile = [null, {}, { start: -1, places: {} }, { start: 0, places: { x: [0, 0, "", 0] } }];
  for (const json of hostile) assertThrows(() => Position.fromJSON(json));
});

Deno.test("Position knows a bounded number of topic-partitions", () => {
  const position = new Position(0);
  for (let i = 0; i < 1000; i++) position.know(`topic-${i}/0`);
  for (let i = 0; i < 1000; i++) {
    position.advance({ key: `more-${i}/0`, timestamp: 1, offset: 1, id: "a" });
  }
  assertEquals(position.places.size, MAX_PLACES);
});

Deno.test("Position has no place for a frame that no id places", () => {
  const position = new Position(0);
  position.advance({ key: NOWHERE, timestamp: undefined, offset: undefined, id: undefined });
  assertEquals(position.places.size, 0);
});

Deno.test("Position.startAt() takes the start back, and what was not seen yet, and nothing else", () => {
  const position = new Position(100);
  position.know("idle/0");
  position.advance({ key: KEY, timestamp: 150, offset: 1, id: "a" });
  position.startAt(120);
  assertEquals(position.start, 100);
  position.startAt(50);
  assertEquals([position.start, position.get("idle/0")!.timestamp], [50, 50]);
  assertEquals(position.get(KEY)!.timestamp, 150);
});

Deno.test("readEventId() reads what the service sends", () => {
  const id =
    '[{"topic":"eqiad.a","partition":0,"timestamp":5},{"topic":"codfw.a","partition":1,"offset":-1}]';
  assertEquals(readEventId(id), [{ key: "eqiad.a/0", next: 5 }, {
    key: "codfw.a/1",
    next: undefined,
  }]);
});

Deno.test("readEventId() gives nothing for anything else", () => {
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

Deno.test("writeEventId() asks for each topic-partition by time", () => {
  assertEquals(
    writeEventId([["eqiad.a/0", 5], ["codfw.a/12", 7]]),
    '[{"topic":"eqiad.a","partition":0,"timestamp":5},{"topic":"codfw.a","partition":12,"timestamp":7}]',
  );
});
