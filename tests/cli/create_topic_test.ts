import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { testKafka, uniqueTopic } from "../support/kafka/kafka.ts";
import { type Ended, runProgram } from "../support/programs/program.ts";

const kafka = await testKafka();

Deno.test("create-topic prints the new topic, and can be repeated", async () => {
  const topic = uniqueTopic();
  const made = await createTopic(
    topic,
    "--retention",
    "30d",
    "--config",
    "max.message.bytes=2000000",
  );
  assertEquals(made.code, 0, made.stderr);
  assertEquals(
    made.stdout,
    [
      `Created the topic '${topic}'`,
      "  partitions          3",
      "  replication factor  1",
      "  cleanup.policy      delete",
      "  max.message.bytes   2000000",
      "  retention.ms        2592000000 (30d)",
      "",
    ].join("\n"),
  );
  const again = await createTopic(topic);
  assertEquals(again.code, 0, again.stderr);
  assertStringIncludes(again.stdout, `The topic '${topic}' already exists\n`);
});

Deno.test("create-topic reports differences, and --alter removes them", async () => {
  const topic = uniqueTopic();
  await createTopic(topic, "--partitions", "1", "--retention", "7d");
  const wish = ["--partitions", "2", "--retention", "1h"];
  const differs = await createTopic(topic, ...wish);
  assertEquals(differs.code, 1);
  assertStringIncludes(differs.stdout, "differs: partitions 1, requested 2\n");
  assertStringIncludes(differs.stdout, "differs: retention.ms 604800000, requested 3600000\n");
  assertStringIncludes(differs.stderr, "Use --alter to change it");
  const altered = await createTopic(topic, ...wish, "--alter");
  assertEquals(altered.code, 0, altered.stderr);
  assertStringIncludes(altered.stdout, "changed: partitions 1 → 2\n");
  assertStringIncludes(altered.stdout, "changed: retention.ms 604800000 → 3600000\n");
  assertEquals((await createTopic(topic, ...wish)).code, 0);
});

Deno.test("create-topic --alter rejects fewer partitions, and changes nothing", async () => {
  const topic = uniqueTopic();
  await createTopic(topic, "--retention", "7d");
  const refused = await createTopic(topic, "--partitions", "2", "--retention", "1h", "--alter");
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.stderr, "Cannot change partitions of the topic");
  assertStringIncludes((await createTopic(topic)).stdout, "604800000 (7d)");
});

Deno.test("create-topic reports what Kafka rejects", async () => {
  const replicas = await createTopic(uniqueTopic(), "--replication-factor", "50");
  assertEquals(replicas.code, 1);
  assertMatch(replicas.stderr, /^error: Cannot keep 50 replicas of each partition/);
  const config = await createTopic(uniqueTopic(), "--config", "no.such=1");
  assertEquals(config.code, 1);
  assertMatch(config.stderr, /^error: .*Kafka rejects a setting of the topic/);
});

Deno.test("create-topic exits with 2 for wrong usage", async () => {
  const wrong = [
    ["--partitions", "0"],
    ["--topic", "with space"],
    ["--config", "retention.ms"],
    ["--config", "retention.ms=1", "--retention", "1h"],
    ["--retention", "7"],
    ["--sasl", "plain"],
  ];
  for (const args of wrong) {
    const { code, stderr } = await runProgram("scripts/create_topic.ts", args);
    assertEquals(code, 2, args.join(" "));
    assertMatch(stderr, /^error: /);
  }
});

function createTopic(topic: string, ...args: string[]): Promise<Ended> {
  const all = ["--bootstrap-server", kafka, "--topic", topic, "--quiet", ...args];
  return runProgram("scripts/create_topic.ts", all);
}
