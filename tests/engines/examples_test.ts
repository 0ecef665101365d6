/**
 * Runs each example as its header says, on a real Kafka, and compares its counts with the topic.
 */
import { assert, assertEquals } from "@std/assert";
import { openCluster } from "../../lib/kafka/client/cluster.ts";
import type { Message } from "../../lib/kafka/client/kafkajs.ts";
import { readTopic } from "../../lib/kafka/consume/reader.ts";
import { testKafka, uniqueTopic } from "../support/kafka/kafka.ts";
import { editOf, openPublisher, timeOf } from "../support/kafka/records.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { PATH_WITH_DENO } from "../support/programs/program.ts";
import { testFolder } from "../support/tools/folder.ts";
import { prepareVirtualEnvironment } from "../support/tools/python.ts";
import { ROOT } from "../support/tools/readme.ts";
import { until } from "../support/tools/until.ts";
import { needing } from "../support/tools/skip.ts";

/** Edits by minute and wiki: `2026-01-01T00:00Z de.wikipedia.org` → count. */
type Counts = Readonly<Record<string, number>>;

/** How long an example may take, in ms; the first time it downloads its engine. */
const LIMIT = 900_000;

const DAY = 86_400_000;
const root = ROOT.pathname.replace(/\/$/, "");
const brokers = await testKafka();
const python = await prepareVirtualEnvironment();

/** An edit, and the partition that it goes to. */
interface Placed {
  readonly partition: number;
  readonly number: number;
  /** The age of the timestamp, in ms. */
  readonly back?: number;
}

const range = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => first + index);

/** Blocks of 1,000 edits, so that partitions are 16 minutes and more apart. */
const inBlocks = (first: number, count: number): Placed[] =>
  range(first, count).map((number) => ({ number, partition: Math.floor(number / 1000) % 3 }));

const edits = inBlocks(0, 4000);
/** Later ones come before earlier ones, in the same partition. */
const outOfOrder = [...range(5000, 1000), ...range(4000, 1000)]
  .map((number) => ({ number, partition: 1 }));
/** Dated ten days and two years back, and published last. */
const backFilled = [...range(6000, 40), ...range(6040, 60)]
  .map((number, index) => ({
    number,
    partition: number % 3,
    back: index < 40 ? 10 * DAY : 730 * DAY,
  }));
const aborted = inBlocks(500, 700);

function timestampOf({ number, back = 0 }: Placed): number {
  return timeOf(number) - back;
}

function messageOf(placed: Placed): Message {
  const timestamp = timestampOf(placed);
  const edit = editOf(placed.number, { timestamp: new Date(timestamp).toISOString() });
  return {
    partition: placed.partition,
    timestamp: String(timestamp),
    value: JSON.stringify(edit),
  };
}

function countsOf(list: readonly Placed[]): Counts {
  const keys = list.map((placed) => {
    const minute = new Date(timestampOf(placed)).toISOString().slice(0, 16);
    return `${minute}Z ${editOf(placed.number).domain}`;
  });
  return Object.fromEntries(
    [...Map.groupBy(keys, (key) => key)].map(([key, list]) => [key, list.length]),
  );
}

const bad: readonly Message[] = [
  { partition: 0, timestamp: String(timeOf(0)), value: "no JSON" },
  { partition: 1, timestamp: String(timeOf(0)), value: '{"title":"no edit"}' },
  { partition: 2, timestamp: String(timeOf(0)), key: "deleted", value: null },
];
const committed = edits.length + outOfOrder.length + backFilled.length + bad.length;
const topic = await makeTopic(brokers, { partitions: 3 });
{
  await using publisher = await openPublisher(brokers);
  await publisher.publish(topic, edits.map(messageOf));
  await publisher.publish(topic, aborted.map(messageOf), { abort: true });
  await publisher.publish(topic, bad);
  await publisher.publish(topic, outOfOrder.map(messageOf));
  await publisher.publish(topic, backFilled.map(messageOf));
}
const right = countsOf([...edits, ...outOfOrder, ...backFilled]);

/** Replaces the placeholders in the headers' commands. */
function substituted(command: string, output: string): string {
  const run = (script: string) =>
    `deno run -q -A --no-check --config ${root}/deno.json --frozen --lock ${root}/tests/deno.lock ` +
    `${root}/scripts/${script}.ts --bootstrap-server ${brokers}`;
  return command
    .replaceAll("deno task store", `${run("store")} --topic ${topic}`)
    .replaceAll("deno task create-topic", run("create_topic"))
    .replaceAll("--max-messages 1000", `--max-messages ${committed}`)
    .replaceAll("localhost:9092", brokers)
    .replaceAll("wikipedia-events", topic)
    .replaceAll("edits-per-minute", output)
    .replaceAll("$PWD/", `${root}/`)
    .replaceAll(/(?<=[ ',])\.local\//g, `${root}/.local/`)
    .replaceAll(/ examples\//g, ` ${root}/examples/`);
}

/** Returns the commands in the header of an example. */
async function commandsOf(file: string): Promise<string[]> {
  const header = (await Deno.readTextFile(`${root}/examples/${file}`)).split(/\n\n/)[0]!;
  const lines = header.split("\n").map((line) => /^(?:\/\/|--|#) {5}(.*)$/.exec(line)?.[1] ?? "");
  return lines.join("\n").replaceAll(/\\\n\s*/g, "").split("\n")
    .filter((line) => line !== "" && !line.startsWith("apt-get"));
}

function shell(command: string, cwd: string, signal: AbortSignal): Deno.Command {
  return new Deno.Command("sh", {
    args: ["-c", command.replace(/^(java|python|duckdb|sh) /, "exec $1 ")],
    cwd,
    env: { PATH: `${python}/bin:${PATH_WITH_DENO}` },
    signal,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs commands one after the other. Returns the output of the last one. */
async function run(commands: readonly string[], cwd: string): Promise<string> {
  let printed = "";
  for (const command of commands) {
    const { code, stdout, stderr } = await shell(command, cwd, AbortSignal.timeout(LIMIT)).output();
    printed = new TextDecoder().decode(stdout);
    assertEquals(code, 0, `${command}\n${printed}\n${new TextDecoder().decode(stderr)}`);
  }
  return printed;
}

function parse(text: string): Counts {
  return Object.fromEntries(
    text.trim().split("\n").map((line) => {
      const [minute, wiki, count] = line.split("\t");
      return [`${minute} ${wiki}`, Number(count)];
    }),
  );
}

const hasKcat = (await new Deno.Command("sh", {
  args: ["-c", "command -v kcat && command -v jq"],
  stdout: "null",
}).output()).success;

for (const file of ["duckdb.sql", "polars_counts.py", "kcat.sh", "spark.py", "Flink.java"]) {
  const missing = file === "kcat.sh" && !hasKcat ? "no kcat, jq: apt-get install" : undefined;
  Deno.test(needing(missing, {
    name: `examples/${file} counts each edit once`,
    async fn() {
      await using folder = await testFolder();
      const commands = (await commandsOf(file)).map((one) => substituted(one, "none"));
      assertEquals(parse(await run(commands, folder.path)), right);
    },
  }));
}

/** Returns the last value of each key in a topic. */
async function latest(output: string): Promise<Counts> {
  const counts: Record<string, number> = {};
  const decoder = new TextDecoder();
  await readTopic(openCluster({ brokers: brokers.split(",") }), {
    topic: output,
    from: "beginning",
    toEnd: true,
    handle: ({ records }) => {
      for (const { key, value } of records) {
        const [start, wiki] = decoder.decode(key!).split(" ");
        counts[`${start!.slice(0, 16)}Z ${wiki}`] = Number(decoder.decode(value!));
      }
    },
  });
  return counts;
}

/** Runs the example with a grace period until its topic has these counts, and then stops it. */
async function streamsCount(grace: string, wanted: Counts): Promise<void> {
  await using folder = await testFolder();
  const output = uniqueTopic("edits-per-minute");
  const commands = (await commandsOf("KafkaStreams.java"))
    .map((one) => substituted(one, output).replace(" P1D", ` ${grace}`));
  const last = commands.pop()!.replace("java ", `java -Djava.io.tmpdir=${folder.path} `);
  await run(commands, folder.path);
  const process = shell(last, folder.path, AbortSignal.timeout(LIMIT)).spawn();
  const ended = process.output();
  const isRight = (counts: Counts) => {
    const keys = Object.keys(counts);
    return keys.length === Object.keys(wanted).length &&
      keys.every((key) => counts[key] === wanted[key]);
  };
  try {
    await until(() => latest(output), isRight, 180_000);
  } finally {
    process.kill("SIGTERM");
    const { stderr } = await ended;
    assert(stderr.length < 100_000);
  }
  assertEquals(await latest(output), wanted);
}

Deno.test("examples/KafkaStreams.java counts each edit once within its grace", () =>
  streamsCount("P3650D", right));

Deno.test("examples/KafkaStreams.java drops edits older than its grace", () =>
  streamsCount("P1D", countsOf([...edits, ...outOfOrder])));
