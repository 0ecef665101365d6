import { assertEquals, assertThrows } from "@std/assert";
import type { Filter } from "../../../../lib/edits/filter/filter.ts";
import { knownTopics, topicSelector } from "../../../../lib/edits/routing/route.ts";
import { UsageError } from "../../../../lib/shared/error.ts";
import { RejectedEvent } from "../../../../lib/upstream/parse/event.ts";
import { change, pageChange, pageCreate } from "../../../support/stream/events.ts";

Deno.test("topicSelector() puts the values of an event into the template", () => {
  assertEquals(topicSelector("edits")(change()), "edits");
  assertEquals(topicSelector("wikipedia-{type}")(change({ type: "new" })), "wikipedia-new");
  assertEquals(topicSelector("{domain}")(pageCreate()), "de.wikipedia.org");
  assertEquals(
    topicSelector("w.{wiki}.{type}")(pageChange()),
    "w.frwiki.mediawiki.page_change.v1",
  );
});

const refused: [string, Record<string, unknown>, string][] = [
  ["an event without the value", { wiki: undefined }, "wrong shape: wiki"],
  ["a value that is not text", { wiki: 7 }, "wrong shape: wiki"],
  ["an empty value", { wiki: "" }, "wrong shape: wiki"],
  ["a topic of Kafka's own", { wiki: "__consumer_offsets" }, "illegal topic name"],
  ["a value that is too long", { wiki: "a".repeat(250) }, "illegal topic name"],
  ["a value too long when escaped", { wiki: "/".repeat(50) }, "illegal topic name"],
];

for (const [name, fields, reason] of refused) {
  Deno.test(`topicSelector() rejects ${name}`, () => {
    assertThrows(() => topicSelector("{wiki}")(change(fields)), RejectedEvent, reason);
  });
}

Deno.test("topicSelector() rejects a domain that makes the topic '..'", () => {
  assertThrows(() => topicSelector("{domain}")(change({}, { domain: ".." })), RejectedEvent);
});

Deno.test("topicSelector() makes at most 1,000 topics", () => {
  const route = topicSelector("{wiki}");
  for (let i = 0; i < 1000; i++) route(change({ wiki: `w${i}` }));
  assertEquals(route(change({ wiki: "w0" })), "w0");
  assertThrows(() => route(change({ wiki: "w1000" })), RejectedEvent, "more than 1000 topics");
});

const known: [string, Filter, string[] | undefined][] = [
  ["edits", {}, ["edits"]],
  ["w-{type}", { types: ["edit", "new"] }, ["w-edit", "w-new"]],
  ["w-{type}", {}, undefined],
  ["w-{type}", { types: ["edit", "n*"] }, undefined],
  ["{wiki}.{type}", { types: ["edit", "new"], wikis: ["a", "b"] }, [
    "a.edit",
    "a.new",
    "b.edit",
    "b.new",
  ]],
  ["{wiki}.{domain}", { wikis: ["a"], domains: ["b"] }, undefined],
  ["{domain}", { domains: ["en.wikipedia.org"] }, ["en.wikipedia.org"]],
];

for (const [template, filter, expected] of known) {
  Deno.test(`knownTopics() of '${template}' with ${JSON.stringify(filter)}`, () => {
    assertEquals(knownTopics(template, filter), expected);
  });
}

Deno.test("knownTopics() rejects too many topics and illegal names", () => {
  const many = Array.from({ length: 40 }, (_, i) => `${i}`);
  assertThrows(
    () => knownTopics("{wiki}-{type}", { wikis: many, types: many }),
    UsageError,
    "more than 1000",
  );
  assertThrows(() => knownTopics("{wiki}", { wikis: ["__x"] }), UsageError, "'__x'");
});
