import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../../lib/shared/error.ts";
import type { Admin } from "../../../../lib/kafka/client/kafkajs.ts";
import { alterTopic, topicDifferences } from "../../../../lib/kafka/admin/topic_diff.ts";

const state = { partitions: 3, replicationFactor: 1 };
const configs = new Map([["retention.ms", "604800000"]]);

Deno.test("topicDifferences() ignores settings that were not requested", () => {
  assertEquals(topicDifferences({ configs: new Map() }, state, configs), []);
  const same = { partitions: 3, replicationFactor: 1, configs };
  assertEquals(topicDifferences(same, state, configs), []);
});

Deno.test("topicDifferences() shows which differences Kafka can remove", () => {
  const wish = {
    partitions: 6,
    replicationFactor: 3,
    configs: new Map([["retention.ms", "1000"], ["no.such", "1"]]),
  };
  assertEquals(topicDifferences(wish, state, configs), [
    { what: "partitions", found: "3", wanted: "6", canAlter: true },
    { what: "replication factor", found: "1", wanted: "3", canAlter: false },
    { what: "retention.ms", found: "604800000", wanted: "1000", canAlter: true },
    { what: "no.such", found: "(unknown)", wanted: "1", canAlter: true },
  ]);
  const fewer = topicDifferences({ partitions: 2, configs: new Map() }, state, configs);
  assertEquals(fewer.map(({ canAlter }) => canAlter), [false]);
});

Deno.test("alterTopic() changes nothing if any part cannot be changed", async () => {
  const drifts = topicDifferences({ partitions: 2, configs: new Map() }, state, configs);
  const untouchable = {} as Admin;
  await assertRejects(
    () => alterTopic(untouchable, "edits", drifts),
    UserError,
    "Cannot change partitions of the topic 'edits' from 3 to 2",
  );
});
