import { assert, assertEquals } from "@std/assert";
import fc from "../../../support/tools/fast_check.ts";
import { fuzz } from "../../../support/tools/fuzz.ts";
import { buildTransform, type EditsOptions } from "../../../../lib/edits/transform.ts";
import {
  type Event,
  parseEvent,
  readEvent,
  RejectedEvent,
} from "../../../../lib/upstream/parse/event.ts";

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Values as JSON text, or as nearly valid text. */
const STRINGS = [
  ...['""', '"A"', '"User talk:É"', '"🦊"', '"a/b"', '"\u007f"', '"\u2028"', '"\ufffd"', "null"],
  ...[String.raw`"\"q\""`, String.raw`"\\"`, String.raw`"\n\t\/"`, String.raw`"\u00e9"`],
  ...[String.raw`"\ud83e"`, String.raw`"\u12G4"`, String.raw`"\x"`, '"\\', "'A'", "1"],
  ...['"\u0000"', '"\u001f"', '"\t"', '"', '"a"b"', `"${"x".repeat(300)}"`, '","bot":true,"x":"'],
];
const NUMBERS = [
  ...["0", "7", "-1", "-0", "01", "00", "1.0", "1e2", "1e400", "-1e400", "+1", ".5", "0x1", "NaN"],
  ...["999999999999999", "1000000000000000", "9007199254740993", "2600", '"7"', "null", "true", ""],
];
const SWITCHES = ["true", "false", "True", "tru", "1", '"true"', "null"];

/** Usually one of `usual`; in one of 120 cases one of `hostile`. */
function nearly(hostile: readonly string[], ...usual: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 119, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...hostile) },
  );
}
const text = (...usual: readonly string[]) => nearly(STRINGS, ...usual.map((one) => `"${one}"`));
const number = (...usual: readonly string[]) => nearly(NUMBERS, ...usual);

const TITLES = ["A", "User talk:Müller", "日本語 🦊", "it's", "x", "\u200fא"];
const COMMENTS = [
  ...["", "plain", "Ü 🦊", String.raw`\"a\" \\ \n`, String.raw`\u00e9\ud83e`, "{}[],:"],
];

/** Fields of an edit in the service's order, and whether they may be left out. */
const FIELDS: readonly [string, fc.Arbitrary<string>, "often absent"?][] = [
  ["$schema", text("/mediawiki/recentchange/1.0.0")],
  ["meta", metaOf()],
  ["id", number("1800000000", "0")],
  ["type", text("edit", "edit", "edit", "edit", "new", "log")],
  ["namespace", number("0", "0", "3", "-1", "2600")],
  ["title", text(...TITLES)],
  ["title_url", text("https://x.test/wiki/A"), "often absent"],
  ["comment", text(...COMMENTS)],
  ["timestamp", number("1726000000")],
  ["user", text("~2024-1", "Some one", "Ünï"), "often absent"],
  ["bot", nearly(SWITCHES, "true", "false")],
  ["notify_url", text("https://x.test/w/index.php?diff=1"), "often absent"],
  ["minor", nearly(SWITCHES, "true", "false")],
  ["patrolled", nearly(SWITCHES, "true", "false"), "often absent"],
  ["length", lengths()],
  ["revision", lengths()],
  ["server_url", text("https://en.wikipedia.org")],
  ["server_name", text("en.wikipedia.org")],
  ["server_script_path", text("/w")],
  ["wiki", text("enwiki", "dewiktionary")],
  ["parsedcomment", text(...COMMENTS)],
];

function metaOf(): fc.Arbitrary<string> {
  const meta = fc.tuple(
    text("i-1"),
    text("2026-09-12T19:56:09Z", "2026-09-12T19:56:09.161Z", "yesterday"),
    text("en.wikipedia.org", "de.wikipedia.org"),
    number("0"),
    number("6511100664"),
    fc.boolean(),
  ).map(([id, dt, domain, partition, offset, isDtFirst]) => {
    const front = isDtFirst ? `"dt":${dt},` : "";
    const back = isDtFirst ? "" : `"dt":${dt},`;
    return `{"uri":"https://ü.test/","request_id":"r","id":${id},${front}"domain":${domain},` +
      `"stream":"mediawiki.recentchange",${back}"topic":"eqiad.mediawiki.recentchange",` +
      `"partition":${partition},"offset":${offset}}`;
  });
  return fc.oneof({ weight: 99, arbitrary: meta }, { weight: 1, arbitrary: fc.constant("{}") });
}

function lengths(): fc.Arbitrary<string> {
  const object = fc.tuple(number("0", "4307"), number("12"), fc.nat(9)).map((
    [before, after, way],
  ) => way === 0 ? `{"new":${after}}` : `{"old":${before},"new":${after}}`);
  return fc.oneof(
    { weight: 60, arbitrary: object },
    fc.constantFrom("{}", "null", "[]", '{"new":1,"old":2}', '{"old":null,"new":1}', "{"),
  );
}

const parts: fc.Arbitrary<string[]> = fc.tuple(
  ...FIELDS.map(([key, value, absence]) =>
    fc.tuple(value, fc.nat(absence === undefined ? 300 : 3)).map(([value, way]) =>
      way === 0 ? undefined : `"${key}":${value}`
    )
  ),
).map((all) => all.filter((part) => part !== undefined));

/** A change of the fields: usually none, or one moved, duplicated or inserted. */
const disorder = fc.tuple(fc.nat(39), fc.nat(30), fc.nat(30));

function disordered(parts: readonly string[], [way, from, to]: readonly number[]): string {
  const others = [...parts];
  const at = to! % (parts.length + 1);
  if (way === 0) others.splice(at, 0, ...others.splice(from! % parts.length, 1));
  if (way === 1) others.splice(at, 0, parts[from! % parts.length]!);
  if (way === 2) others.splice(at, 0, `"x":${'{"title":['.repeat(from!)}`);
  if (way === 3) others.splice(at, 0, String.raw`"\u0074itle":"B"`);
  return `{${others.join(",")}}`;
}

/** A change of the bytes: usually none. */
const harm = fc.tuple(fc.nat(19), fc.nat(3000), fc.nat(255));
/** Invalid UTF-8: overlong, a surrogate, beyond Unicode, cut short, a lone continuation. */
const BAD_BYTES = [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [
  0x80,
]];

function harmed(text: string, [way, at, byte]: readonly number[]): Uint8Array {
  const bytes = encoder.encode(text);
  const place = at! % bytes.length;
  const before = bytes.subarray(0, place);
  if (way === 0) bytes[place] = byte!;
  if (way === 1) return before;
  if (way === 2) return joined(before, BAD_BYTES[byte! % BAD_BYTES.length]!, bytes.subarray(place));
  if (way === 3) return joined(before, [byte!], bytes.subarray(place));
  if (way === 4) return joined(before, [], bytes.subarray(place + 1));
  if (way === 5) return joined(bytes, [[0x7d], [0x20], [0x5d], [0x00]][byte! % 4]!, []);
  return bytes;
}

function joined(...pieces: readonly ArrayLike<number>[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => Array.from(piece)));
}

/** Transforms that together read all fields of an event. */
const TRANSFORMS = ([
  { topic: "t", filter: { types: ["edit"] } },
  { topic: "wiki-{wiki}", key: "user", filter: { types: ["edit", "new"], users: "human" } },
  { topic: "{type}-{domain}", key: "domain", headers: "cloudevents" },
  { topic: "t", key: "none", filter: { wikis: ["*wiki"], namespaces: ["0", "unknown"] } },
  { topic: "t", payload: "event", headers: "cloudevents", filter: { users: "bot" } },
  { topic: "t", payload: { fields: [{ path: "length.new", name: "n" }] } },
] satisfies EditsOptions[]).map((options) => buildTransform(options));

/** Returns the record of each transform, or the reason of the rejection. */
function outcomes(read: (data: Uint8Array) => Event, data: Uint8Array): unknown[] {
  return TRANSFORMS.map((transform) => {
    try {
      const record = transform(read(data));
      return record && { ...record, key: textOf(record.key), value: textOf(record.value) };
    } catch (error) {
      if (error instanceof RejectedEvent) return error.message;
      throw error;
    }
  });
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes && strict.decode(bytes);
}

function recognized(data: Uint8Array): boolean {
  try {
    return readEvent(data).edit !== undefined;
  } catch (error) {
    if (error instanceof RejectedEvent) return false;
    throw error;
  }
}

const cases = fc.tuple(parts, disorder, harm).map(([parts, disorder, harm]) =>
  harmed(disordered(parts, disorder), harm)
);

fuzz(
  "readEvent() recognizes an edit only if parsing gives the same record",
  fc.property(cases, (data) => {
    if (!recognized(data)) return;
    const text = strict.decode(data);
    // Written again, it has the same length, so no key occurred twice. Escapes and numbers keep
    // their length.
    const again = JSON.stringify(JSON.parse(text));
    if (!text.includes("\\")) assertEquals(again, text);
    assertEquals(outcomes(readEvent, data), outcomes(parseEvent, data));
  }),
  { runs: 3000 },
);

Deno.test("readEvent() recognizes some of the edits above, but not all", () => {
  const found = fc.sample(cases, { numRuns: 1000, seed: 7 }).filter(recognized).length;
  assert(found > 200 && found < 800, `${found} of 1000`);
});
