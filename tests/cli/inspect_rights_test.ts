/** Checks the output of inspect for a user with few permissions, on a Kafka with an authorizer. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { ClusterView } from "../../lib/kafka/inspect/topics.ts";
import type { GroupView, TopicView } from "../../lib/kafka/inspect/view.ts";
import { uniqueTopic } from "../support/kafka/kafka.ts";
import { editMessages, publish } from "../support/kafka/records.ts";
import { addScramUser, PASSWORDS, startSecureKafka } from "../support/kafka/secure_kafka.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { grant } from "../support/programs/grant.ts";
import { runProgram } from "../support/programs/program.ts";

const kafka = await startSecureKafka();
Deno.test.afterAll(async () => await kafka[Symbol.asyncDispose]());
const [plain] = kafka.admin.config.brokers;
await addScramUser(plain!, "bob");

const topic = await makeTopic(plain!, { partitions: 2 });
await publish(plain!, topic, editMessages(0, 10, 2));
const group = uniqueTopic("group");
const read = ["--topic", topic, "--group", group, "--from-beginning", "--max-messages", "10"];
const consumed = await runProgram("scripts/consume.ts", [...read, "--bootstrap-server", plain!]);
assertEquals(consumed.code, 0, consumed.stderr);

function inspect(...args: string[]) {
  const access = ["--sasl", "scram-sha-512", "--sasl-username", "bob"];
  return runProgram(
    "scripts/inspect.ts",
    [...args, "--bootstrap-server", kafka.at.saslplain, ...access, "--log-level", "error"],
    { env: { KAFKA_SASL_PASSWORD: PASSWORDS.bob } },
  );
}

const NO_CLUSTER =
  "sizes on disk (Describe on the cluster); the controller (Describe on the cluster)";

Deno.test("inspect leaves out data without permission, and names it", async (t) => {
  await t.step("without any permission", async () => {
    const { code, stdout, stderr } = await inspect("--output", "json");
    assertEquals(code, 0, stderr);
    const { brokers, topics } = JSON.parse(stdout) as ClusterView;
    assertEquals(brokers.map(({ up, controller, bytes }) => [up, controller, bytes]), [
      [true, null, null],
    ]);
    assertEquals(topics, []);
    assertEquals(stderr, `Not shown, permission missing: ${NO_CLUSTER}\n`);
  });

  await t.step("a topic and a group by their names", async () => {
    const noTopic = await inspect("topic", topic);
    assertEquals(noTopic.code, 1);
    assertStringIncludes(
      noTopic.stderr,
      `error: Cannot inspect the topic '${topic}': the user 'bob' may not use the topic '${topic}'\n`,
    );
    assertStringIncludes(noTopic.stderr, "--allow-principal User:bob --operation Describe --topic");
    const noGroup = await inspect("group", group);
    assertEquals(noGroup.code, 1);
    assertStringIncludes(
      noGroup.stderr,
      `error: Cannot inspect the group '${group}': the user 'bob' may not use the consumer group '${group}'\n`,
    );
    assertStringIncludes(noGroup.stderr, "--allow-principal User:bob --operation Describe --group");
    assertEquals((await inspect("groups", "--output", "json")).stdout, "[]\n");
  });

  await t.step("with Describe on the topic", async () => {
    await grant(kafka.admin, "bob", { topic: { [topic]: ["Describe"] } });
    const { stdout, stderr } = await inspect("topic", topic, "--output", "json");
    const view = JSON.parse(stdout) as TopicView;
    assertEquals(view.partitions.map(({ nextOffset }) => nextOffset), [6, 6]);
    assertEquals([view.configs, view.bytes], [null, null]);
    assertStringIncludes(stderr, `settings of '${topic}' (DescribeConfigs)`);
    assertStringIncludes(stderr, "sizes on disk (Describe on the cluster)");
    assertEquals((await inspect()).stdout.includes(topic), true);
  });

  await t.step("with Describe on the group", async () => {
    await grant(kafka.admin, "bob", { group: { [group]: ["Describe"] } });
    const { stdout, stderr } = await inspect("group", group, "--output", "json");
    const view = JSON.parse(stdout) as GroupView;
    assertEquals(view.partitions.map(({ committedOffset }) => committedOffset), [5, 5]);
    assertEquals(stderr, "");
  });

  await t.step("with all of them", async () => {
    await grant(kafka.admin, "bob", {
      topic: { [topic]: ["DescribeConfigs"] },
      cluster: ["Describe"],
    });
    const { stdout, stderr } = await inspect("topic", topic, "--output", "json");
    const view = JSON.parse(stdout) as TopicView;
    assertEquals(view.configs?.["retention.ms"], "-1");
    assertEquals(view.bytes! > 0, true);
    assertEquals(stderr, "");
  });
});
