import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { withAdmin } from "../../lib/kafka/admin/with_admin.ts";
import { disconnect, openCluster } from "../../lib/kafka/client/cluster.ts";
import type { Message } from "../../lib/kafka/client/kafkajs.ts";
import { sleep } from "../../lib/shared/sleep.ts";
import { testKafka, uniqueTopic } from "../support/kafka/kafka.ts";
import { type Ended, runProgram, startProgram } from "../support/programs/program.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { until } from "../support/tools/until.ts";

const kafka = await testKafka();
const cluster = openCluster({ brokers: kafka.split(",") });
const SCRIPT = "scripts/consume.ts";

const edit = {
  id: 1,
  domain: "en.wikipedia.org",
  namespace: "main namespace",
  title: "Evil \u001b[2J\u009b title",
  timestamp: "2026-01-02T03:04:05Z",
  user_name: "Alice",
  user_type: "bot",
  old_length: 10,
  new_length: 30,
};

Deno.test("consume prints values byte for byte in a pipe, with its permissions", async () => {
  const topic = await topicWith("a\u001b[2J", "b");
  const permissions = ["-P=consume", `--allow-net=${kafka}`];
  const { code, stdout, stderr } = await consume(topic, ["--max-messages", "2"], { permissions });
  assertEquals(code, 0, stderr);
  assertEquals(stdout, "a\u001b[2J\nb\n");
});

Deno.test("consume --output line prints edits without control characters", async () => {
  const topic = await topicWith(JSON.stringify(edit), "\u001b[2J no edit");
  const { stdout } = await consume(topic, ["--max-messages", "2", "--output", "line"]);
  const [first, second] = stdout.split("\n");
  assertEquals(
    first,
    "03:04:05  en.wikipedia.org            +20  Evil \\u{1b}[2J\\u{9b} title  Alice [bot]",
  );
  assertMatch(second!, /^\d\d:\d\d:\d\d {2}\\u\{1b\}\[2J no edit$/);
});

Deno.test("consume --output json prints one object per record", async () => {
  const topic = await topicWith("a");
  const { stdout } = await consume(topic, ["--max-messages", "1", "--output", "json"]);
  const { timestamp, ...record } = JSON.parse(stdout);
  assert(Math.abs(timestamp - Date.now()) < 60_000);
  assertEquals(record, {
    topic,
    key: "key",
    partition: 0,
    offset: 0,
    headers: { h: "x" },
    value: "a",
  });
});

Deno.test("consume on a terminal prints lines, and escapes values", async () => {
  const topic = await topicWith(JSON.stringify(edit));
  const lines = await onTerminal(topic, []);
  assertStringIncludes(lines, "+20  Evil \\u{1b}[2J\\u{9b} title  Alice [bot]");
  const values = await onTerminal(topic, ["--output", "value"]);
  assertStringIncludes(values, '"title":"Evil ');
  for (const output of [lines, values]) assertEquals(output.includes("\u009b"), false);
});

Deno.test("consume ends quietly when its reader exits, and leaves no group", async () => {
  const before = await groupsOfConsume();
  const topic = await topicWith(...Array.from({ length: 1000 }, (_, index) => `value ${index}`));
  const command =
    `"$0" run -q -A --no-check ${SCRIPT} --bootstrap-server ${kafka} --topic ${topic}` +
    " --from-beginning --quiet | head -1";
  const { code, stdout, stderr } = await new Deno.Command("timeout", {
    args: ["--foreground", "20", "bash", "-o", "pipefail", "-c", command, Deno.execPath()],
  }).output();
  assertEquals([code, decode(stdout), decode(stderr)], [0, "value 0\n", ""]);
  await untilNoGroupBut(before);
});

Deno.test("consume ends at a signal even if nothing reads its output", async () => {
  const topic = await topicWith(...new Array(20).fill("x".repeat(50_000)));
  await using process = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "-A", "--no-check", SCRIPT, "--bootstrap-server", kafka, "--topic", topic],
      ...["--from-beginning", "--quiet", "--group", uniqueTopic("group")],
    ],
    stdout: "piped",
  }).spawn();
  const reader = process.stdout.getReader();
  await reader.read();
  process.kill("SIGINT");
  assertEquals((await process.status).code, 0);
  await reader.cancel();
});

Deno.test("consume runs until a signal, and then exits with 0 and no group", async () => {
  const before = await groupsOfConsume();
  const topic = await topicWith("a");
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const program = startProgram(SCRIPT, [
      ...["--bootstrap-server", kafka, "--topic", topic, "--from-beginning"],
    ]);
    await program.untilOutput("a\n");
    program.process.kill(signal);
    assertEquals((await program.ended).code, 0);
  }
  await untilNoGroupBut(before);
});

Deno.test("consume shuts down cleanly if one Ctrl-C sends two signals", async () => {
  const topic = await topicWith("a");
  await using program = startProgram(SCRIPT, [
    ...["--bootstrap-server", kafka, "--topic", topic, "--from-beginning"],
  ]);
  await program.untilOutput("a\n");
  const begun = performance.now();
  // All of them come well within the time that counts as one Ctrl-C.
  while (performance.now() - begun < 100) {
    program.kill("SIGINT");
    program.kill("SIGTERM");
    await sleep(10);
  }
  const { code, stderr } = await program.ended;
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, "Read 1 record\n");
});

Deno.test("consume prints records of many partitions without waiting for each", async () => {
  // A broker on a busy machine needs half a minute for 1000.
  const partitions = 400;
  const topic = await makeTopic(kafka, { partitions });
  const values = Array.from(
    { length: 3 * partitions },
    (_, i) => ({ partition: i % partitions, value: "a" }),
  );
  await send(topic, values);
  const { code, stdout, ms } = await consume(topic, ["--max-messages", String(values.length)]);
  assertEquals([code, stdout.length], [0, 2 * values.length]);
  // Another wait of 50 ms in each partition would be 20 s.
  assert(ms < 15_000, `took ${ms} ms`);
});

Deno.test("consume --group resumes, and logs its partitions", async () => {
  const topic = await topicWith("a", "b", "c");
  const args = ["--group", uniqueTopic("group"), "--max-messages"];
  const where = ["--bootstrap-server", kafka, "--topic", topic, "--from-beginning"];
  const first = await runProgram(SCRIPT, [...where, ...args, "2"]);
  assertEquals(first.stdout, "a\nb\n");
  assertStringIncludes(first.stderr, `Reading partition 0 of '${topic}'`);
  assertEquals((await consume(topic, [...args, "1"])).stdout, "c\n");
});

Deno.test("consume reports a missing topic or broker within seconds", async () => {
  const topic = await consume("no-such-topic", []);
  assertEquals(topic.code, 1);
  assertMatch(
    topic.stderr,
    /^error: Cannot read .*'no-such-topic' does not exist\n {2}Create it: /m,
  );
  const args = ["--bootstrap-server", "127.0.0.1:1", "--quiet"];
  const broker = await runProgram(SCRIPT, args);
  assertEquals(broker.code, 1);
  assertMatch(broker.stderr, /^error: .*no broker answers at 127\.0\.0\.1:1/);
  assert(topic.ms < 7000 && broker.ms < 7000, `${topic.ms} ms, ${broker.ms} ms`);
});

Deno.test("consume exits with 2 for wrong usage", async () => {
  for (const args of [["--output", "xml"], ["--max-messages", "0"], ["--group", "\n"], ["extra"]]) {
    const { code, stderr } = await runProgram(SCRIPT, args);
    assertEquals(code, 2, args.join(" "));
    assertMatch(stderr, /^error: /);
  }
});

function consume(
  topic: string,
  args: string[],
  options: { permissions?: string[] } = {},
): Promise<Ended> {
  const all = ["--bootstrap-server", kafka, "--topic", topic, "--from-beginning", "--quiet"];
  return runProgram(SCRIPT, [...all, ...args], options);
}

/** Returns the first record as printed on a terminal, by `script` of util-linux. */
async function onTerminal(topic: string, args: string[]): Promise<string> {
  const deno = `${Deno.execPath()} run -q -A --no-check ${SCRIPT}`;
  const flags = `--bootstrap-server ${kafka} --topic ${topic} --from-beginning --quiet`;
  const command = `${deno} ${flags} --max-messages 1 ${args.join(" ")}`;
  const { stdout } = await new Deno.Command("script", {
    args: ["-qec", command, "/dev/null"],
    stdin: "null",
  }).output();
  return decode(stdout);
}

async function topicWith(...values: string[]): Promise<string> {
  const topic = await makeTopic(kafka, { partitions: 1 });
  await send(
    topic,
    values.map((value) => ({ partition: 0, key: "key", headers: { h: "x" }, value })),
  );
  return topic;
}

async function send(topic: string, messages: readonly Message[]): Promise<void> {
  const producer = cluster.quick.producer();
  await producer.connect();
  await producer.send({ topic, messages: [...messages] });
  await disconnect(producer);
}

/** Returns the groups that `consume` created and has not deleted, here or in another test. */
async function groupsOfConsume(): Promise<string[]> {
  const { groups } = await withAdmin(cluster, { action: "list" }, (admin) => admin.listGroups());
  return groups.map(({ groupId }) => groupId).filter((id) => id.startsWith("wikitap-consume"));
}

/** Other tests read the same cluster at the same time, for some seconds each. */
async function untilNoGroupBut(before: readonly string[]): Promise<void> {
  await until(groupsOfConsume, (groups) => groups.every((group) => before.includes(group)));
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
