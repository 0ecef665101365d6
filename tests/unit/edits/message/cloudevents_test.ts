import { assertEquals, assertThrows } from "@std/assert";
import { type CloudEvent, Kafka, type KafkaMessage } from "npm:cloudevents@10.0.0";
import { Buffer } from "node:buffer";
import { buildTransform } from "../../../../lib/edits/transform.ts";
import { cloudEventHeaders } from "../../../../lib/edits/message/cloudevents.ts";
import { type Event, RejectedEvent } from "../../../../lib/upstream/parse/event.ts";
import { change, pageChange, pageCreate } from "../../../support/stream/events.ts";

const headers = cloudEventHeaders("application/json");

Deno.test("cloudEventHeaders() writes the attributes of a recentchange event", () => {
  assertEquals(headers(change()), {
    "content-type": "application/json",
    ce_specversion: "1.0",
    ce_id: "00000000-0000-4000-8000-000000000001",
    ce_source: "https://en.wikipedia.org",
    ce_type: "org.wikimedia.mediawiki.recentchange.edit",
    ce_time: "2023-11-14T22:13:20.123Z",
    ce_subject: "Example",
  });
});

const attributes: [string, Event, string, string | undefined][] = [
  ["another stream", pageCreate(), "ce_type", "org.wikimedia.mediawiki.page-create"],
  ["another stream", pageChange(), "ce_subject", "Page d'exemple"],
  [
    "an event without a kind",
    change({ type: undefined }),
    "ce_type",
    "org.wikimedia.mediawiki.recentchange",
  ],
  [
    "an event without a domain",
    change({}, { domain: undefined }),
    "ce_source",
    "https://stream.wikimedia.org",
  ],
  ["an event of no page", change({ title: undefined }), "ce_subject", undefined],
  ["an empty title", change({ title: "" }), "ce_subject", undefined],
  ["a title with a line feed", change({ title: "a\nb" }), "ce_subject", undefined],
  ["a title with half a pair", change({ title: "a\ud800" }), "ce_subject", undefined],
  ["a title with a non-character", change({ title: "a\uffff" }), "ce_subject", undefined],
  ["a title beyond the BMP", change({ title: "🦊 \u200f" }), "ce_subject", "🦊 \u200f"],
];

for (const [name, event, header, expected] of attributes) {
  Deno.test(`cloudEventHeaders() of ${name} has ${header} ${expected}`, () => {
    assertEquals(headers(event)[header], expected);
  });
}

const refused: [string, Event, string][] = [
  ["an id with a control character", change({}, { id: "a\u0007" }), "meta.id"],
  ["a kind with a line feed", change({ type: "a\nb" }), "type"],
  ["a domain that makes no URL", change({}, { domain: "a b" }), "meta.domain"],
];

for (const [name, event, path] of refused) {
  Deno.test(`cloudEventHeaders() rejects ${name}`, () => {
    assertThrows(() => headers(event), RejectedEvent, `wrong shape: ${path}`);
  });
}

Deno.test("the CloudEvents SDK reads a record as a valid event", () => {
  for (const payload of ["edit", "event"] as const) {
    const record = buildTransform({ topic: "edits", payload, headers: "cloudevents" })(change())!;
    const value = Buffer.from(record.value);
    const { key } = record;
    const headers = Object.fromEntries(
      Object.entries(record.headers ?? {}).map((
        [name, text],
      ) => [name, Buffer.from(text).toString()]),
    );
    const message = { key, value, headers, body: value } as unknown as KafkaMessage<Buffer>;
    assertEquals(Kafka.isEvent(message), true);
    const read = Kafka.toEvent(message) as CloudEvent<unknown>;
    assertEquals(read.validate(), true);
    assertEquals(read.specversion, "1.0");
    assertEquals(read.id, "00000000-0000-4000-8000-000000000001");
    assertEquals(read.source, "https://en.wikipedia.org");
    assertEquals(read.type, "org.wikimedia.mediawiki.recentchange.edit");
    assertEquals(read.time, "2023-11-14T22:13:20.123Z");
    assertEquals(read.subject, "Example");
    assertEquals(read.datacontenttype, "application/json");
    assertEquals(read.data, JSON.parse(value.toString()));
  }
});
