import { assertEquals, assertThrows } from "@std/assert";
import { encodeEdit } from "../../../lib/edits/message/edit.ts";
import { isCanary } from "../../../lib/edits/event/event_fields.ts";
import { buildTransform } from "../../../lib/edits/transform.ts";
import { RejectedEvent } from "../../../lib/upstream/parse/event.ts";
import { change } from "../../support/stream/events.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const transform = buildTransform({ topic: "edits", filter: { types: ["edit"] }, key: "page" });

Deno.test("buildTransform() makes records of events that pass", () => {
  assertEquals(transform(change()), {
    topic: "edits",
    key: utf8("en.wikipedia.org/Example"),
    value: utf8(encodeEdit(change())),
    timestamp: Date.UTC(2023, 10, 14, 22, 13, 20, 123),
    headers: undefined,
  });
});

Deno.test("buildTransform() drops filtered events without validation", () => {
  assertEquals(transform(change({ type: "log", title: 7 }, { dt: "never" })), undefined);
});

Deno.test("buildTransform() rejects events of wrong shape that pass the filter", () => {
  assertThrows(() => transform(change({ title: 7 })), RejectedEvent, "wrong shape: title");
  assertThrows(
    () => transform(change({}, { dt: "never" })),
    RejectedEvent,
    "wrong shape: meta.dt",
  );
});

Deno.test("isCanary() recognizes the events of Wikimedia's monitoring", () => {
  assertEquals(isCanary(change({}, { domain: "canary" })), true);
  assertEquals(isCanary(change()), false);
});

Deno.test("buildTransform() makes records that keep no chunk of the stream", () => {
  const event = change();
  const chunk = new Uint8Array(65_536);
  chunk.set(event.data);
  const data = chunk.subarray(0, event.data.length);
  const { value } = buildTransform({ topic: "edits", payload: "event" })({ ...event, data })!;
  assertEquals(value, event.data);
  assertEquals(value.buffer.byteLength, event.data.length);
});

Deno.test("buildTransform() makes key, value and headers as bytes", () => {
  const record = buildTransform({ topic: "edits", headers: "cloudevents" })(change())!;
  for (const bytes of [record.key, record.value, ...Object.values(record.headers!)]) {
    assertEquals(bytes instanceof Uint8Array, true);
  }
});

Deno.test("buildTransform() accepts each option by itself", () => {
  const event = change({ type: "new" });
  const record = buildTransform({
    topic: "wikipedia-{type}",
    key: "user",
    payload: "event",
    headers: "cloudevents",
  })(event);
  assertEquals(record?.topic, "wikipedia-new");
  assertEquals(record?.key, utf8("Someone"));
  assertEquals(record?.value, event.data);
  assertEquals(record?.headers?.ce_subject, utf8("Example"));
});

Deno.test("buildTransform() accepts an encoder of the caller", () => {
  const encoder = { contentType: "text/plain", encode: () => "hello" };
  const record = buildTransform({ topic: "edits", headers: "cloudevents" }, encoder)(change());
  assertEquals(record?.value, utf8("hello"));
  assertEquals(record?.headers?.["content-type"], utf8("text/plain"));
});
