import { assertEquals, assertRejects } from "@std/assert";
import { newPublisherCounts } from "../../../lib/kafka/publish/publisher.ts";
import { UserError } from "../../../lib/shared/error.ts";
import type { Batch, Publisher } from "../../../lib/kafka/publish/publisher.ts";
import { SchemaPublisher } from "../../../lib/produce/schema_publisher.ts";

const signal = new AbortController().signal;

function batch(...topics: string[]): Batch {
  const records = topics.map((topic) => ({
    topic,
    key: null,
    value: new Uint8Array(),
    timestamp: 0,
  }));
  return { records, handled: records.length, position: {} };
}

function publisher(done: string[]): Publisher {
  return {
    counts: { ...newPublisherCounts(), connected: true },
    open: () => Promise.resolve(undefined),
    publish: ({ records }) => {
      done.push(`publish ${records.length}`);
      return Promise.resolve({ count: records.length, rejected: [] });
    },
    close: () => Promise.resolve(),
  };
}

Deno.test("SchemaPublisher registers each topic once, before its first record", async () => {
  const done: string[] = [];
  const schemas = new SchemaPublisher({
    publisher: publisher(done),
    known: ["letters"],
    register: (topic) => Promise.resolve(void done.push(`register ${topic}`)),
  });
  await schemas.publish(batch("a", "b", "a", "letters"), signal);
  await schemas.publish(batch("b", "c"), signal);
  assertEquals(done, ["register a", "register b", "publish 4", "register c", "publish 2"]);
});

Deno.test("SchemaPublisher publishes no batch whose schema is rejected", async () => {
  const done: string[] = [];
  const schemas = new SchemaPublisher({
    publisher: publisher(done),
    known: [],
    register: () => Promise.reject(new UserError("no")),
  });
  for (let i = 0; i < 2; i++) {
    await assertRejects(() => schemas.publish(batch("a"), signal), UserError, "no");
  }
  assertEquals(done, []);
});
