import { assert, assertEquals } from "@std/assert";
import fc from "../../../support/tools/fast_check.ts";
import { buildTransform } from "../../../../lib/edits/transform.ts";
import {
  type Event,
  parseEvent,
  readEvent,
  RejectedEvent,
} from "../../../../lib/upstream/parse/event.ts";
import { scanEnvelope } from "../../../../lib/upstream/parse/event_envelope.ts";
import { latin1 } from "../../../../lib/upstream/parse/latin1.ts";
import { Position, upstreamPartition } from "../../../../lib/upstream/position/position.ts";
import { fuzz } from "../../../support/tools/fuzz.ts";

/** A value as JSON text, in any spelling. */
type Text = fc.Arbitrary<string>;

const encoder = new TextEncoder();
const json = (value: unknown) => JSON.stringify(value);
const quoted = (text: string) => `"${text}"`;

/** Texts that look like parts of an event, and string contents. */
const strings: Text = fc.oneof(
  fc.constantFrom(
    ...["edit", "log", "142", "", "type", "meta", '"type":"edit"', '","type":"edit', "}", "{"],
    ...["\\", "\0", "\ufffd", "é", "🦊", "\ud800", "\u2028", "https://ü.test/wiki/A", "a/b"],
  ),
  fc.string({ maxLength: 6 }),
).map(json);
/** Numbers in all spellings, and invalid numbers. */
const numbers: Text = fc.oneof(
  fc.constantFrom("0", "-0", "1.0", "1e0", "01", "-1", "999999999999999", "9007199254740993"),
  fc.nat().map(String),
);
const scalars: Text = fc.oneof(strings, numbers, fc.constantFrom("null", "true", "[]", "{}"));

/** A key, sometimes with an escape or foreign characters. */
function keyOf(...names: readonly string[]): Text {
  return fc.tuple(fc.constantFrom(...names), fc.nat(60)).map(([name, way]) => {
    if (way === 0) {
      return `"\\u${name.charCodeAt(0).toString(16).padStart(4, "0")}${name.slice(1)}"`;
    }
    if (way === 1) return ` "${name}"`;
    return quoted(name);
  });
}

/** Fields as in an object. */
const fields = (key: Text, value: Text, maxLength: number): fc.Arbitrary<string[]> =>
  fc.array(fc.tuple(key, value).map(([key, value]) => `${key}:${value}`), { maxLength });
const objectOf = (parts: readonly string[]) => `{${parts.join(",")}}`;

/** A value that is nearly always the given one. */
const nearly = (usual: string, other: Text): Text =>
  fc.oneof({ weight: 80, arbitrary: fc.constant(usual) }, other);

/** `meta` as the service writes it: some fields are optional, and `dt` has two positions. */
const usualMeta: fc.Arbitrary<string[]> = fc.record({
  uri: nearly(json("https://ü.test/wiki/A"), scalars),
  id: nearly(json("0d3f-1"), scalars),
  dt: nearly(json("2026-09-12T19:56:09.161Z"), scalars),
  domain: nearly(json("en.wikipedia.org"), scalars),
  stream: fc.constantFrom(json("mediawiki.recentchange"), json("mediawiki.page-create")),
  topic: nearly(json("eqiad.mediawiki.recentchange"), scalars),
  partition: nearly("0", numbers),
  offset: nearly("6511100664", numbers),
  form: fc.nat(3),
}).map(({ form, ...meta }) => {
  const { uri, id, dt, domain, stream, topic, partition, offset } = meta;
  return [
    ...(form & 1) === 0 ? [`"uri":${uri}`, '"request_id":"r"'] : [],
    ...[`"id":${id}`, ...(form & 2) === 0 ? [`"dt":${dt}`] : []],
    ...[`"domain":${domain}`, `"stream":${stream}`],
    ...(form & 2) === 0 ? [] : [`"dt":${dt}`],
    ...[`"topic":${topic}`, `"partition":${partition}`, `"offset":${offset}`],
  ];
});

/** Usually unchanged; sometimes with fields in another order, duplicated or omitted. */
function disordered(parts: fc.Arbitrary<string[]>): fc.Arbitrary<string[]> {
  return fc.tuple(parts, fc.nat(19), fc.nat(20), fc.nat(20)).map(([parts, way, from, to]) => {
    if (way > 2 || parts.length === 0) return parts;
    const others = [...parts];
    const [moved] = others.splice(from % parts.length, way === 0 ? 0 : 1);
    if (way < 2) others.splice(to % parts.length, 0, moved ?? parts[0]!);
    return others;
  });
}

const META_KEYS = ["id", "dt", "domain", "stream", "topic", "partition", "offset", "x"] as const;
const meta = fc.tuple(
  disordered(usualMeta),
  fc.oneof({ weight: 9, arbitrary: fc.constant([]) }, fields(keyOf(...META_KEYS), scalars, 1)),
).map((parts) => objectOf(parts.flat()));

/** Content after the head, including look-alikes of the head at any depth. */
const KEYS = ["type", "meta", "title", "wiki", "id", "user", "bot", "namespace", "log_params"];
const values: Text = fc.oneof(
  { weight: 3, arbitrary: scalars },
  meta,
  fields(keyOf(...KEYS), scalars, 3).map(objectOf),
);
const tail = fc.oneof(
  fields(keyOf(...KEYS), values, 4),
  fields(keyOf("x", ...KEYS.slice(2)), values, 2),
  fc.constant(['"namespace":0', '"title":"A"', '"user":"U"', '"bot":false', '"wiki":"enwiki"']),
);
const head = fc.tuple(
  nearly(json("/mediawiki/recentchange/1.0.0"), scalars).map((schema) => `"$schema":${schema}`),
  meta.map((meta) => `"meta":${meta}`),
  nearly("7", scalars).map((id) => `"id":${id}`),
  fc.oneof(nearly(json("edit"), scalars), fc.constant(json("log"))).map((type) => `"type":${type}`),
).map((parts) => [...parts]);
const whole = fc.tuple(disordered(head), tail).map((parts) => objectOf(parts.flat()));

/** One change of a text: white space, a cut, another end, another byte; or none. */
const harm = fc.tuple(fc.nat(15), fc.nat(2000), fc.nat(255));

function harmed(text: string, [way, at, byte]: [number, number, number]): Uint8Array {
  if (way === 0) return encoder.encode(text.replaceAll(",", " ,\n"));
  if (way === 1) return encoder.encode(text.slice(0, at % (text.length + 1)));
  if (way === 2) return encoder.encode(`${text.slice(0, at % (text.length + 1))}}`);
  if (way === 3) return encoder.encode(`${text.slice(0, -1)}${["}}", "", "]", "\n"][byte % 4]}`);
  const bytes = encoder.encode(text);
  if (way === 4) bytes[at % bytes.length] = byte;
  return bytes;
}

/** A transform that passes only edits. */
const transform = buildTransform({ topic: "t", filter: { types: ["edit"] } });

/** Returns all facts of an event, the saved position after it, and its record. */
function outcome(read: (data: Uint8Array) => Event, data: Uint8Array) {
  const event = attempt(() => {
    const { meta: { topic, partition, offset, id, dt, domain, stream }, type, body } = read(data);
    const position = new Position(0);
    position.advance({ key: upstreamPartition(topic, partition), timestamp: 0, offset, id });
    const saved = Position.fromJSON(JSON.parse(json(position)));
    return { topic, partition, offset, id, dt, domain, stream, type, body, saved };
  });
  return { event: json(event), record: json(attempt(() => transform(read(data)) ?? null)) };
}

/** Returns the result of `work`, or the reason of the rejection. */
function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    if (error instanceof RejectedEvent) return error.message;
    throw error;
  }
}

fuzz(
  "readEvent() and the filter agree with parsing each event",
  fc.property(whole, harm, (text, harm) => {
    const data = harmed(text, harm);
    const quick = outcome(readEvent, data);
    const full = outcome(parseEvent, data);
    assertEquals(quick.event, full.event);
    // Text that is not JSON and is dropped by its type is never rejected.
    const isNeverRead = full.record === json("bad JSON") && quick.record === "null";
    if (!isNeverRead) assertEquals(quick.record, full.record);
  }),
  {
    runs: 3000,
    found: [
      // A partition of seven digits could be saved in a position, but not read again.
      {
        seed: -2135248914,
        path: "217:1:0:0:0:0:1:0:2:0:2:0:3:0:1:0:1:1:1:1:1:1:1:1:1:1:1:1",
      },
    ],
  },
);

Deno.test("scanEnvelope() recognizes some of the events above, but not all", () => {
  const events = fc.sample(fc.tuple(whole, harm), 1000);
  const glanced =
    events.filter((parts) => scanEnvelope(latin1(harmed(...parts))) !== undefined).length;
  assert(glanced > 150 && glanced < 850, `${glanced} of 1000`);
});
