import { assertEquals, assertThrows } from "@std/assert";
import { readEvent, RejectedEvent } from "../../../../lib/upstream/parse/event.ts";
import { scanEnvelope } from "../../../../lib/upstream/parse/event_envelope.ts";
import { latin1 } from "../../../../lib/upstream/parse/latin1.ts";
import { ORDERED_META } from "../../../support/stream/events.ts";

const encoder = new TextEncoder();

function eventText(
  body: object = { title: "A", wiki: "enwiki" },
  meta: object = ORDERED_META,
): string {
  return JSON.stringify({ $schema: "/s/1.0.0", meta, id: 7, type: "edit", ...body });
}

const seen = (text: string) => scanEnvelope(latin1(encoder.encode(text)));

Deno.test("scanEnvelope() reads meta and type in both orders of the service", () => {
  const { uri: _uri, request_id: _request, ...meta } = ORDERED_META;
  assertEquals(seen(eventText()), { meta, type: "edit", edit: undefined });
  const { dt, topic, partition, offset, ...front } = ORDERED_META;
  const text = eventText({}, { ...front, dt, topic, partition, offset });
  assertEquals(seen(text), { meta, type: "edit", edit: undefined });
});

Deno.test("scanEnvelope() passes over a type within the event, as log events have", () => {
  const text = eventText({ log_params: { type: "revision", details: [{ type: "edit" }] } });
  assertEquals(seen(text)?.type, "edit");
  assertEquals(seen(text.replace('{"type":"revision"', '{"ids":1,"type":"revision"')), undefined);
});

Deno.test("scanEnvelope() returns undefined if parsing might disagree", () => {
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

Deno.test("readEvent() throws for bad JSON when the body is first read", () => {
  const broken = encoder.encode(eventText().replace('"title":', '"title"'));
  const event = readEvent(broken);
  assertEquals(event.type, "edit");
  for (let i = 0; i < 2; i++) assertThrows(() => event.body, RejectedEvent, "bad JSON");
});

Deno.test("readEvent() rejects bytes that are not UTF-8, but accepts U+FFFD", () => {
  const text = eventText({ title: "\ufffd" });
  assertEquals(readEvent(encoder.encode(text)).body.title, "\ufffd");
  const bytes = encoder.encode(text.replace("\ufffd", "~"));
  bytes[bytes.indexOf("~".charCodeAt(0))] = 0xff;
  assertThrows(() => readEvent(bytes).body, RejectedEvent, "bad JSON");
});
