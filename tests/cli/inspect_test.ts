import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { ClusterView } from "../../lib/kafka/inspect/topics.ts";
import type { GroupPartitionView, GroupView, TopicView } from "../../lib/kafka/inspect/view.ts";
import { testKafka3, uniqueTopic } from "../support/kafka/kafka.ts";
import { kafkaTool } from "../support/kafka/kafka_tool.ts";
import { editMessages, openPublisher } from "../support/kafka/records.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { type Ended, runProgram, startProgram } from "../support/programs/program.ts";
import { startOnTerminal } from "../support/programs/terminal.ts";
import { kcat, NO_KCAT } from "../support/tools/kcat.ts";
import { needing } from "../support/tools/skip.ts";
import { until } from "../support/tools/until.ts";

const kafka = await testKafka3();
const at = ["--bootstrap-server", kafka];
const inspect = (...args: string[]) => runProgram("scripts/inspect.ts", [...args, ...at]);
const topics = (...args: string[]) => runProgram("scripts/topics.ts", [...args, ...at]);

const topic = await makeTopic(kafka, { partitions: 4, replicationFactor: 3 });
{
  await using publisher = await openPublisher(kafka);
  await publisher.publish(topic, editMessages(0, 100, 4));
}

async function json<T>(running: Promise<Ended>): Promise<T> {
  const { code, stdout, stderr } = await running;
  assertEquals(code, 0, stderr);
  return JSON.parse(stdout) as T;
}

Deno.test("inspect topic shows what kafka-topics and the offsets show", async () => {
  const view = await json<TopicView>(inspect("topic", topic, "--output", "json"));
  const lines = await kafkaTool("kafka-topics", [
    "--describe",
    ...at,
    "--topic",
    topic,
  ]);
  const word = (line: string[], name: string) => line[line.indexOf(name) + 1];
  assertEquals(view.topicId, word(lines[0]!, "TopicId:"));
  assertEquals(String(view.replicationFactor), word(lines[0]!, "ReplicationFactor:"));
  assertEquals(
    view.partitions.map(({ partition, leader, replicas }) => [
      String(partition),
      String(leader),
      replicas.join(","),
    ]),
    lines.slice(1).map((line) =>
      ["Partition:", "Leader:", "Replicas:"].map((name) => word(line, name))
    ),
  );
  // 25 records and one transaction marker each.
  assertEquals(view.partitions.map(({ nextOffset }) => nextOffset), [26, 26, 26, 26]);
  assertEquals(view.records, 104);
  assert(view.bytes! > 1000, String(view.bytes));
  assertEquals(view.configs?.["retention.ms"], "-1");
});

Deno.test(needing(NO_KCAT, {
  name: "inspect shows the brokers, leaders and replicas that kcat -L shows",
  async fn() {
    const view = await json<ClusterView>(inspect("--output", "json"));
    const lines = await kcat("-L", "-J", "-b", kafka);
    const theirs = JSON.parse(lines.join("\n")) as KcatMetadata;
    const byId = (a: { id: number }, b: { id: number }) => a.id - b.id;
    assertEquals(
      view.brokers.map(({ id, address }) => ({ id, name: address })),
      theirs.brokers.toSorted(byId),
    );
    // Other tests use the same cluster.
    const own = view.topics.find((one) => one.topic === topic)!;
    assertEquals(
      own.partitions.map(({ partition, leader, replicas, inSync }) => ({
        partition,
        leader,
        replicas: replicas.map((id) => ({ id })),
        isrs: inSync.map((id) => ({ id })),
      })),
      [...theirs.topics.find((one) => one.topic === topic)!.partitions],
    );
  },
}));

/** Returns the output of `kcat -L -J`. */
interface KcatMetadata {
  readonly brokers: readonly { readonly id: number; readonly name: string }[];
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly leader: number;
      readonly replicas: { readonly id: number }[];
      readonly isrs: { readonly id: number }[];
    }[];
  }[];
}

/** Returns the rows of `kafka-consumer-groups --describe` without the header, by partition. */
async function describedGroup(group: string): Promise<string[][]> {
  const lines = await kafkaTool("kafka-consumer-groups", ["--describe", ...at, "--group", group]);
  const head = lines.findIndex(([word]) => word === "GROUP");
  return lines.slice(head + 1).sort((a, b) => Number(a[2]) - Number(b[2]));
}

Deno.test("inspect group shows what kafka-consumer-groups shows", async () => {
  const group = uniqueTopic("group");
  const read = ["--topic", topic, "--group", group, "--from-beginning", ...at];
  await using reader = startProgram("scripts/consume.ts", [...read, "--output", "json"]);
  await reader.untilOutput('"offset":24');
  const view = async () => (await json<GroupView>(inspect("group", group, "--output", "json")));
  // The first commits come within seconds; members and partitions exist at once.
  let seen = await view();
  for (let tries = 0; seen.lag === null && tries < 20; tries++) seen = await view();
  assertEquals(seen.state, "Stable");
  assertEquals(seen.members.map(({ partitions }) => partitions), [4]);
  assertEquals(
    seen.partitions.map(({ memberId }) => memberId),
    Array(4).fill(seen.members[0]!.memberId),
  );
  // Everything is read and committed, so that nothing changes between the two outputs.
  seen = await until(view, ({ partitions }) => partitions.every((one) => one.lag === 0));
  const { memberId, host, clientId } = seen.members[0]!;
  assertEquals(
    seen.partitions.map((one) => [...figures(one), memberId, host, clientId]),
    (await describedGroup(group)).map((line) => line.slice(1)),
  );
  reader.kill("SIGINT");
  assertEquals((await reader.ended).code, 0);

  const ended = await view();
  assertEquals(
    ended.partitions.map(figures),
    (await describedGroup(group)).map((line) => line.slice(1, 6)),
  );
  assertEquals(ended.state, "Empty");
});

/** The columns of Kafka's tool, from TOPIC to LAG. */
function figures(
  { topic, partition, committedOffset, nextOffset, lag }: GroupPartitionView,
): string[] {
  return [topic, partition, committedOffset, nextOffset, lag].map(String);
}

Deno.test("inspect lists brokers, topics and groups as tables", async () => {
  const { stdout } = await inspect();
  assertMatch(stdout, /^broker +address +state +controller +rack +leaders +replicas +size$/m);
  const brokers = stdout.match(/^[123] +127\.0\.0\.1:\d+ +up/gm);
  assertEquals(brokers?.length, 3);
  assertEquals(stdout.match(/ up +yes /g)?.length, 1, stdout);
  assertStringIncludes(stdout, topic);
  assertMatch((await inspect("groups")).stdout, /^group +state +type +members +lag +coordinator/);
});

Deno.test("inspect rejects missing topics and groups, and unknown operands", async () => {
  const missing = await inspect("topic", "no-such-topic");
  assertEquals(missing.code, 1);
  assertStringIncludes(
    missing.stderr,
    "error: Cannot inspect the topic 'no-such-topic': it does not exist\n",
  );
  const group = await inspect("group", "no-such-group");
  assertStringIncludes(group.stderr, "Cannot inspect the group 'no-such-group': it does not exist");
  const wrong = await inspect("brokers");
  assertEquals(wrong.code, 2);
  assertStringIncludes(wrong.stderr, "Cannot inspect 'brokers': expected topic, groups or group");
});

Deno.test("topics lists, describes and deletes", async () => {
  const doomed = await makeTopic(kafka, { partitions: 1, replicationFactor: 3 });
  const listed = await json<TopicView[]>(topics("list", "--output", "json"));
  assert(listed.some((one) => one.topic === doomed));
  assert(!listed.some(({ internal }) => internal));
  assertStringIncludes((await topics("describe", doomed)).stdout, `Topic ${doomed}\n`);

  const asked = await topics("delete", doomed);
  assertEquals(asked.code, 1);
  assertStringIncludes(
    asked.stderr,
    "stdin is not a terminal\n  Add --yes to delete it without asking\n",
  );
  const deleted = await topics("delete", doomed, "--yes");
  assertEquals(deleted.stdout, `Deleted the topic '${doomed}' with 0 records\n`);
  assertEquals((await topics("describe", doomed)).code, 1);
});

Deno.test("topics delete asks on a terminal, and deletes only after y", async () => {
  const doomed = await makeTopic(kafka, { partitions: 1, replicationFactor: 3 });
  await using publisher = await openPublisher(kafka);
  await publisher.publish(doomed, editMessages(0, 1, 1));
  const ask = async (answer: string): Promise<[code: number, lastRow: string | undefined]> => {
    const command = ["-P=inspect", "scripts/topics.ts", "delete", doomed, ...at];
    await using session = startOnTerminal(command, { columns: 200 });
    await session.until((screen) =>
      screen.at(-1)?.trimEnd() === `Delete the topic '${doomed}' with 2 records? [y/N]`
    );
    await session.type(answer);
    return [await session.ended, session.screen().at(-1)];
  };
  // Enter, no, a word, Ctrl-D, Ctrl-C.
  for (const answer of ["\r", "n\r", "yes?\r", "\x04", "\x03"]) {
    assertEquals(await ask(answer), [1, "Nothing was deleted"], JSON.stringify(answer));
    assertEquals((await topics("describe", doomed)).code, 0);
  }
  assertEquals(await ask("y\r"), [0, `Deleted the topic '${doomed}' with 2 records`]);
  assertEquals((await topics("describe", doomed)).code, 1);
});
