import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseEvent, readEvent, RefusedEvent } from "../../../lib/upstream/event.ts";
import { glance } from "../../../lib/upstream/glance.ts";

const encoder = new TextEncoder();

const META = {
  ...{ uri: "https://ü.test/wiki/A", request_id: "r", id: "i-1", dt: "2026-09-12T19:56:09.161Z" },
  ...{ domain: "en.wikipedia.org", stream: "mediawiki.recentchange" },
  ...{ topic: "eqiad.mediawiki.recentchange", partition: 0, offset: 6511100664 },
};

function eventText(body: object = { title: "A", wiki: "enwiki" }, meta: object = META): string {
  return JSON.stringify({ $schema: "/s/1.0.0", meta, id: 7, type: "edit", ...body });
}

const seen = (text: string) => glance(encoder.encode(text));

Deno.test("glance() reads meta and type in both orders that the service has written", () => {
  const { uri: _uri, request_id: _request, ...meta } = META;
  assertEquals(seen(eventText()), { meta, type: "edit" });
  const { dt, topic, partition, offset, ...front } = META;
  const text = eventText({}, { ...front, dt, topic, partition, offset });
  assertEquals(seen(text), { meta, type: "edit" });
});

Deno.test("glance() gives nothing where parsing might tell otherwise", () => {
  const text = eventText();
  const others = [
    text.replace('"title"', '"type":"log","title"'),
    text.replace('"title"', '"type" :"log","title"'),
    text.replace('"title"', '"\\u0074ype":"log","title"'),
    text.replace('"title"', '"meta":{},"title"'),
    text.replace('"meta":', '"meta": '),
    text.replace('"type":"edit"', '"type":7'),
    text.replace('"type":"edit"', '"type":"edit"7'),
    text.replace('"offset":6511100664', '"offset":06'),
    text.replace('"offset":6511100664', '"offset":-6'),
    text.replace('"offset":6511100664', '"offset":6511100664,"dt":"x"'),
    text.replace("en.wikipedia.org", "é.wikipedia.org"),
    text.replace("en.wikipedia.org", "a\\nb"),
    `${text} `,
    ` ${text}`,
    text.slice(0, -1),
    `[${text}]`,
    "",
  ];
  for (const other of others) assertEquals(seen(other), undefined, other);
});

Deno.test("readEvent() agrees with parseEvent() on everything that is JSON", () => {
  const keys = fc.constantFrom("type", "meta", "title", "wiki", "$schema", "id", "log_params", "x");
  const texts = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 8 }),
    fc.constantFrom(
      "edit",
      "type",
      '"type"',
      "categorize",
      "\\",
      "\u0000",
      "🦊",
      "\ufffd",
      "}",
      "{",
    ),
  );
  const values = fc.oneof(
    texts,
    fc.integer(),
    fc.constant(null),
    fc.constant(META),
    fc.array(texts, { maxLength: 3 }),
    fc.dictionary(keys, texts, { maxKeys: 3 }),
  );
  const pairs = fc.array(fc.tuple(keys, values), { maxLength: 6 });
  const spelling = fc.constantFrom(
    (key: string) => JSON.stringify(key),
    (key: string) => ` ${JSON.stringify(key)}\n`,
    (key: string) => `"\\u00${key.charCodeAt(0).toString(16)}${key.slice(1)}"`,
  );
  const heads = fc.constantFrom(
    '"$schema":"s","meta":' + JSON.stringify(META) + ',"id":7,"type":"edit"',
    '"$schema":"s","meta":' + JSON.stringify(META) + ',"type":"categorize"',
    '"type":"edit","meta":' + JSON.stringify(META),
    '"$schema" : "s","meta":' + JSON.stringify({ ...META, offset: "1" }) + ',"type":"edit"',
  );
  let glanced = 0;
  fc.assert(
    fc.property(heads, pairs, spelling, (head, pairs, spell) => {
      const rest = pairs.map(([key, value]) => `,${spell(key)}:${JSON.stringify(value)}`);
      const data = encoder.encode(`{${head}${rest.join("")}}`);
      if (glance(data) !== undefined) glanced++;
      assertEquals(outcome(() => readEvent(data)), outcome(() => parseEvent(data)));
    }),
    { numRuns: 5000 },
  );
  assert(glanced > 500, `${glanced} of 5000 were glanced at`);
});

/** All that an event tells, or why there is none. */
function outcome(read: () => ReturnType<typeof readEvent>): unknown {
  try {
    const { data, meta: { topic, partition, offset, id, dt, domain, stream }, type, body } = read();
    return { data, topic, partition, offset, id, dt, domain, stream, type, body };
  } catch (error) {
    assert(error instanceof RefusedEvent);
    return error.message;
  }
}

Deno.test("readEvent() finds out bad JSON when the body is asked for", () => {
  const broken = encoder.encode(eventText().replace('"title":', '"title"'));
  const event = readEvent(broken);
  assertEquals(event.type, "edit");
  for (let i = 0; i < 2; i++) {
    try {
      event.body;
      throw new Error("expected a refusal");
    } catch (error) {
      assert(error instanceof RefusedEvent && error.message === "bad JSON", String(error));
    }
  }
});

Deno.test("readEvent() refuses bytes that are no UTF-8, and takes the replacement character", () => {
  const text = eventText({ title: "\ufffd" });
  assertEquals(readEvent(encoder.encode(text)).body.title, "\ufffd");
  const bytes = encoder.encode(text.replace("\ufffd", "~"));
  bytes[bytes.indexOf("~".charCodeAt(0))] = 0xff;
  assertEquals(outcome(() => readEvent(bytes)), "bad JSON");
});
