import { assert, assertEquals } from "@std/assert";
import fc from "../../../support/tools/fast_check.ts";
import { readEventId } from "../../../../lib/upstream/parse/event_id.ts";
import { latin1 } from "../../../../lib/upstream/parse/latin1.ts";
import { IdReader } from "../../../../lib/upstream/parse/id_reader.ts";

/** The bytes of a text, one character for each. */
const bytesOf = (text: string) => latin1(new TextEncoder().encode(text));

/** The same by parsing each id. */
class PlainReader {
  #entries: ReturnType<typeof readEventId> = [];
  moved: string | undefined;

  constructor(readonly onNew: (key: string) => void) {}

  read(id: string): ReturnType<typeof readEventId> {
    const before = this.#entries;
    this.#entries = readEventId(id);
    for (const { key, next } of this.#entries) {
      const same = before.find((entry) => entry.key === key);
      if (same === undefined) this.onNew(key);
      if (next !== undefined && next !== same?.next) this.moved = key;
    }
    return this.#entries;
  }
}

Deno.test("IdReader reports the topic-partition of an id, and each new one", () => {
  const seen: string[] = [];
  const ids = new IdReader((key) => seen.push(key));
  const id = (a: number, b: string) =>
    `[{"topic":"eqiad.a","partition":0,"timestamp":${a}},{"topic":"codfw.a","partition":0,${b}}]`;
  ids.read(id(1700000000001, '"offset":-1'));
  assertEquals([ids.moved, seen], ["eqiad.a/0", ["eqiad.a/0", "codfw.a/0"]]);
  ids.read(id(1700000000001, '"timestamp":1700000000005'));
  assertEquals(ids.moved, "codfw.a/0");
  const entries = ids.read(id(1700000000021, '"timestamp":1700000000005'));
  assertEquals(ids.moved, "eqiad.a/0");
  assertEquals(entries.map(({ next }) => next), [1700000000021, 1700000000005]);
  assertEquals(seen.length, 2);
});

Deno.test("IdReader returns what parsing each id by itself returns", () => {
  const timestamp = fc.oneof(
    fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_099 }).map(String),
    fc.constantFrom("7", "8", "0", "07", "x", "-1", "1e3", "99999999999999999999", "7\n"),
  );
  const place = fc.oneof(
    { weight: 4, arbitrary: timestamp.map((text) => `"timestamp":${text}`) },
    fc.constantFrom('"offset":-1', '"offset":5', '"timestamp":1,"timestamp":2'),
  );
  const topic = fc.constantFrom("eqiad.a", "codfw.a", "a/b", "ü", '\\"timestamp\\":7');
  const entry = fc.tuple(topic, fc.constantFrom("0", "0", "1", "00"), place)
    .map(([topic, partition, place]) => `{"topic":"${topic}","partition":${partition},${place}}`);
  const usual = fc.tuple(timestamp, timestamp).map(([a, b]) =>
    `[{"topic":"eqiad.a","partition":0,"timestamp":${a}},` +
    `{"topic":"codfw.a","partition":0,"timestamp":${b}}]`
  );
  const id = fc.oneof(
    { weight: 3, arbitrary: usual },
    fc.array(entry, { maxLength: 3 }).map((entries) => `[${entries.join(",")}]`),
    fc.constantFrom("", "[]", "[", "7", "null"),
  );
  fc.assert(
    fc.property(fc.array(id, { maxLength: 12 }), (texts) => {
      const seen: string[] = [], expected: string[] = [];
      const ids = new IdReader((key) => seen.push(key));
      const plain = new PlainReader((key) => expected.push(key));
      for (const text of texts) {
        assertEquals(ids.read(bytesOf(text)), plain.read(text));
        assertEquals(ids.moved, plain.moved);
      }
      assertEquals(seen, expected);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("IdReader keeps the entries for frames without an id", () => {
  const ids = new IdReader(() => {});
  const id = '[{"topic":"a","partition":0,"timestamp":5}]';
  const entries = ids.read(id);
  assert(ids.read(id) === entries);
});

Deno.test("readEventId() reads a bounded number of topic-partitions", () => {
  const idOf = (count: number) =>
    JSON.stringify(Array.from({ length: count }, (_, index) => ({
      topic: `eqiad.mediawiki.page_outlink_topic_prediction_change.v1-${index}`,
      partition: 0,
      timestamp: 1_700_000_000_000,
    })));
  assertEquals(readEventId(idOf(400)).length, 400);
  assertEquals(readEventId(idOf(2000)).length, 1025);
  assertEquals(readEventId(idOf(20_000)), []);
});
