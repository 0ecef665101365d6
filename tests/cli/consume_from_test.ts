/**
 * Checks where consume begins and ends without a group, on topics with transaction markers, aborted
 * records and times that go back. Compares with the written records, and with kcat.
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Message } from "../../lib/kafka/client/kafkajs.ts";
import { testKafka, uniqueTopic } from "../support/kafka/kafka.ts";
import { editMessages, editOf, openPublisher, timeOf } from "../support/kafka/records.ts";
import { makeTopic, TestTopic } from "../support/kafka/topic.ts";
import { runProgram, startProgram } from "../support/programs/program.ts";
import { kcat, NO_KCAT } from "../support/tools/kcat.ts";
import { needing } from "../support/tools/skip.ts";

const kafka = await testKafka();
const iso = (number: number) => new Date(timeOf(number)).toISOString();

/** A committed record, and the number of its edit. */
interface Written {
  readonly partition: number;
  readonly time: number;
  readonly number: number;
}

/**
 * Three partitions: edits 0 to 299 in transactions of which every third is aborted; then a
 * back-fill of older edits into partition 1; then an open transaction into partition 2.
 */
const { topic, written, close } = await messyTopic();
Deno.test.afterAll(close);

async function messyTopic() {
  const topic = await makeTopic(kafka, { partitions: 3 });
  const publisher = await openPublisher(kafka);
  const written: Written[] = [];
  const publish = async (messages: Message[], abort = false) => {
    await publisher.publish(topic, messages, { abort });
    if (abort) return;
    for (const { partition, timestamp, value } of messages) {
      const { id } = JSON.parse(value as string);
      written.push({ partition: partition!, time: Number(timestamp), number: id });
    }
  };
  for (let first = 0; first < 300; first += 10) {
    await publish(editMessages(first, 10, 3), first % 30 === 20);
  }
  const late = [-5, 150, -7, 290, 20].map((number): Message => ({
    partition: 1,
    timestamp: String(timeOf(number)),
    value: JSON.stringify(editOf(number + 10_000)),
  }));
  await publish(late);
  // It stays open until the end of the tests, so no committed record may follow its first one.
  const open = await openPublisher(kafka, crypto.randomUUID(), 600_000);
  const hanging = await open.begin();
  await hanging.send({ topic, messages: [{ partition: 2, value: "open" }] });
  const close = async () => {
    await hanging.abort();
    await Promise.all([open[Symbol.asyncDispose](), publisher[Symbol.asyncDispose]()]);
  };
  return { topic, written, close };
}

/** Returns the numbers that consume prints, in order. */
async function numbers(...args: string[]): Promise<number[]> {
  return (await values(topic, ...args)).map((value) => JSON.parse(value).id);
}

async function values(topic: string, ...args: string[]): Promise<string[]> {
  const all = ["--bootstrap-server", kafka, "--topic", topic, "--quiet", ...args];
  const { code, stdout, stderr } = await runProgram("scripts/consume.ts", all);
  assertEquals(code, 0, stderr);
  return stdout === "" ? [] : stdout.trimEnd().split("\n");
}

const ascending = (list: readonly number[]) => list.toSorted((a, b) => a - b);
const wanted = (passes: (one: Written) => boolean) =>
  ascending(written.filter(passes).map(({ number }) => number));

Deno.test("consume --since --until prints all records of that time", async () => {
  const read = ascending(await numbers("--since", iso(100), "--until", iso(200)));
  assertEquals(read, wanted(({ time }) => time >= timeOf(100) && time < timeOf(200)));
  assertEquals(read.includes(10_150), true, "a record of the back-fill");
});

Deno.test("consume --until alone begins with the oldest record, and ends", async () => {
  const read = ascending(await numbers("--until", iso(0)));
  assertEquals(read, [9993, 9995]);
});

Deno.test("consume --since --until prints nothing after the last record", async () => {
  assertEquals(await numbers("--since", iso(1000), "--until", iso(1001)), []);
});

Deno.test("consume --since continues with new records", async () => {
  await using live = await TestTopic.create(kafka);
  await live.publish([10, 20, 30].map((number) => editOf(number)));
  const args = ["--bootstrap-server", kafka, "--topic", live.name, "--since", iso(20)];
  await using reader = startProgram("scripts/consume.ts", args);
  await reader.untilOutput('"id":20,');
  await reader.untilOutput('"id":30,');
  await live.publish([5, 40].map((number) => editOf(number)));
  const output = await reader.untilOutput('"id":40,');
  assertEquals(output.includes('"id":10,') || output.includes('"id":5,'), false, output);
  reader.kill("SIGINT");
  assertEquals((await reader.ended).code, 0);
});

for (const count of [1, 7, 150]) {
  Deno.test(`consume --last ${count} prints ${count} committed records`, async () => {
    const read = await numbers("--last", String(count), "--until", iso(250));
    const all = written.filter(({ time }) => time < timeOf(250));
    assertEquals(read, newestOf(all, count));
    assertEquals(read.length, count);
  });
}

Deno.test("consume --last N prints fewer records, by time, if no more exist", async () => {
  const read = await numbers("--last", "100000");
  assertEquals(ascending(read), wanted(() => true));
  assertEquals(read, newestOf(written, written.length));
});

Deno.test("consume --last --partition prints the end of a partition", async () => {
  const read = await numbers("--last", "7", "--partition", "1");
  assertEquals(
    read,
    written.filter(({ partition }) => partition === 1).slice(-7).map((one) => one.number),
  );
});

Deno.test("consume --last --filter prints the newest matching records", async () => {
  const args = ["--filter", "wiki=dewiki", "--filter", "users=bot"];
  const read = await numbers("--last", "3", "--partition", "0", ...args);
  const matching = written.filter(({ partition, number }) =>
    partition === 0 && number % 3 === 1 && number % 4 === 0
  );
  assertEquals(read, matching.slice(-3).map(({ number }) => number));
});

Deno.test("consume --partition reads only the given partitions", async () => {
  const read = await numbers("--partition", "0,2", "--until", iso(1000));
  assertEquals(ascending(read), wanted(({ partition }) => partition !== 1));
});

Deno.test("consume --partition --offset begins at the offset", async () => {
  const lines = await values(
    topic,
    ...["--partition", "1", "--offset", "30", "--max-messages", "5", "--output", "json"],
  );
  const read = lines.map((line) => JSON.parse(line));
  const before = await values(
    topic,
    ...["--partition", "1", "--until", iso(1000), "--output", "json"],
  );
  const all = before.map((line) => JSON.parse(line)).filter(({ offset }) => offset >= 30);
  assertEquals(read, all.slice(0, 5));
  assertEquals(new Set(read.map(({ topic, partition }) => `${topic} ${partition}`)).size, 1);
});

Deno.test("consume rejects partitions and offsets that do not exist", async () => {
  const fails = async (...args: string[]) => {
    const all = ["--bootstrap-server", kafka, "--topic", topic, ...args];
    const { code, stderr } = await runProgram("scripts/consume.ts", all);
    assertEquals(code, 1);
    return stderr;
  };
  assertStringIncludes(
    await fails("--partition", "1,3"),
    `error: Cannot read partition 3 of the topic '${topic}': it has 3, expected 0 to 2\n`,
  );
  assertStringIncludes(
    await fails("--partition", "0", "--offset", "100000"),
    `error: Cannot begin at offset 100000 of partition 0 of '${topic}', expected 0 to `,
  );
});

Deno.test("consume --uncommitted prints open and aborted records too", async () => {
  const lines = await values(topic, "--uncommitted", "--until", "0s");
  assertEquals(lines.length, 306);
  assertEquals(lines.includes("open"), true);
});

Deno.test("consume reads several topics, by name and by wildcard", async () => {
  const prefix = uniqueTopic("many");
  const names = [`${prefix}-a`, `${prefix}-b`, `${prefix}-c`];
  for (const name of names) {
    await using topic = await TestTopic.create(kafka, name);
    await topic.publishValue(`in ${name}`);
  }
  const until = ["--until", "0s"];
  const both = await values(names.slice(0, 2).join(), ...until);
  assertEquals(both.sort(), [`in ${names[0]}`, `in ${names[1]}`]);
  assertEquals((await values(`${prefix}*`, ...until)).sort(), names.map((name) => `in ${name}`));
  assertEquals((await values(`${prefix}-*,${topic}`, "--last", "3")).length, 3);
  // A group reads them, too, and resumes in each.
  const group = ["--group", uniqueTopic("group"), "--from-beginning", "--max-messages"];
  const first = await values(`${prefix}*`, ...group, "2");
  const second = await values(`${prefix}*`, ...group, "1");
  assertEquals([...first, ...second].sort(), names.map((name) => `in ${name}`));
  const none = await runProgram("scripts/consume.ts", [
    ...["--bootstrap-server", kafka, "--topic", `${prefix}-x*`],
  ]);
  assertEquals(none.code, 1);
  assertStringIncludes(none.stderr, `error: Cannot read '${prefix}-x*': no topic matches\n`);
});

Deno.test("consume --filter logs a warning if no record has the field", async () => {
  const args = ["--topic", topic, "--until", iso(1000), "--filter", "types=log"];
  const { stderr, stdout } = await runProgram("scripts/consume.ts", [
    ...["--bootstrap-server", kafka, ...args],
  ]);
  assertEquals(stdout, "");
  assertStringIncludes(stderr, "No record passes --filter: none of 205 records has types");
});

Deno.test(needing(NO_KCAT, {
  name: "consume prints what kcat prints with -o s@, -o e@, -o -N, -o N and -p",
  async fn() {
    await using plain = await TestTopic.create(kafka);
    await plain.publish(Array.from({ length: 500 }, (_, number) => editOf(number)));
    const at = ["-C", "-q", "-e", "-b", kafka, "-t", plain.name];
    const same = async (ours: string[], theirs: string[]) => {
      const [wanted, read] = await Promise.all([
        kcat(...at, ...theirs),
        values(plain.name, ...ours),
      ]);
      assertEquals(read.sort(), wanted.sort());
      return read.length;
    };
    const [since, until] = [timeOf(100), timeOf(400)];
    const window = ["--since", String(since), "--until", String(until)];
    assertEquals(await same(window, ["-o", `s@${since}`, "-o", `e@${until}`]), 300);
    await same(["--partition", "1", ...window], ["-p1", "-o", `s@${since}`, "-o", `e@${until}`]);
    assertEquals(await same(["--partition", "2", "--last", "9"], ["-p2", "-o", "-9"]), 9);
    const from = ["--partition", "0", "--offset", "100", "--until", "0s"];
    await same(from, ["-p0", "-o", "100"]);
  },
}));

/** Returns the newest records by the definition: backward from the ends, the highest time first. */
function newestOf(all: readonly Written[], count: number): number[] {
  const lists = [0, 1, 2].map((number) => all.filter(({ partition }) => partition === number));
  const taken: number[] = [];
  while (taken.length < count && lists.some((list) => list.length > 0)) {
    const [newest] = lists.filter((list) => list.length > 0)
      .sort((a, b) => b.at(-1)!.time - a.at(-1)!.time);
    taken.push(newest!.pop()!.number);
  }
  return taken.reverse();
}
