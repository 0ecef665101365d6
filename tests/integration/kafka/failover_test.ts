/** Publishers and readers while one broker after another of three dies. */
import { assert, assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { RecordTransactions } from "../../../lib/kafka/publish/record_transactions.ts";
import { START, syntheticLog } from "../../../lib/replay/synthetic/log.ts";
import type { VerifyProgress } from "../../../lib/verify/options.ts";
import { batchOf, NEVER, newDelivery, newPlace, type Place } from "../../support/kafka/delivery.ts";
import { ownKafka } from "../../support/kafka/kafka.ts";
import { produce, recordsOf, serve } from "../../support/kafka/produce.ts";
import { makeTopic } from "../../support/kafka/topic.ts";
import { verifyReport } from "../../support/kafka/verify.ts";
import { type Running, startProgram } from "../../support/programs/program.ts";
import { until } from "../../support/tools/until.ts";
import { testFolder } from "../../support/tools/folder.ts";

/** One for all tests: each leaves it with three brokers. */
const kafka = await ownKafka({ nodes: 3 });
const address = kafka.bootstrapServers;

Deno.test.afterAll(async () => await kafka[Symbol.asyncDispose]());

/** A broker ends in the test, and an abandoned client retries for a while. */
const unsanitized = { sanitizeOps: false, sanitizeResources: false };

const COUNT = 600;
const NUMBERS = [...new Array(COUNT).keys()];

Deno.test({
  name: "Delivery and readers continue after any of three brokers dies",
  ...unsanitized,
  async fn() {
    const place = await newPlace(kafka.bootstrapServers, { replicationFactor: 3 });
    await using consumed = startReader("scripts/consume.ts", place, ["--from-beginning"]);
    await using folder = await testFolder();
    const database = ["--database", `sqlite:${folder.path}/edits.db`];
    const storing = [...database, "--max-messages", String(COUNT)];
    await using stored = startReader("scripts/store.ts", place, storing);
    // One of them coordinates the producer's name, another one its position.
    for (const [run, id] of [1, 2, 3].entries()) {
      const from = 200 * run;
      await using publisher = newDelivery(place);
      await publisher.open();
      await publisher.publish(batchOf(place, from, from + 100), NEVER);
      await kafka.kill(id);
      await using next = newDelivery(place);
      assertEquals((await next.open())?.handled, from + 100);
      await next.publish(batchOf(place, from + 100, from + 200), NEVER);
      await kafka.start(id);
    }
    const records = await recordsOf(kafka.bootstrapServers, place.topic, COUNT);
    assertEquals(numbersIn(records.map(({ value }) => value)), NUMBERS);
    // Each partition has had three leaders, and each group three coordinators.
    for (const number of NUMBERS) await consumed.untilOutput(`${number}\n`);
    consumed.kill("SIGINT");
    const { code, stdout, stderr } = await consumed.ended;
    assertEquals(code, 0, stderr);
    // Records that were printed before their offset was committed, when a coordinator died, are
    // printed again.
    assertEquals([...new Set(numbersIn(stdout.trim().split("\n")))], NUMBERS, stderr);
    const store = await stored.ended;
    assertEquals(store.code, 0, store.stderr);
    using file = new DatabaseSync(`${folder.path}/edits.db`);
    // Numbers are not edits.
    const { count } = file.prepare("SELECT count(*) AS count FROM bad_records").get()!;
    assertEquals(count, COUNT);
  },
});

Deno.test({
  name: "consume and store continue during a rolling restart",
  ...unsanitized,
  async fn() {
    const place = await newPlace(kafka.bootstrapServers, { replicationFactor: 3 });
    await using first = startReader("scripts/consume.ts", place, ["--from-beginning"]);
    await using second = startReader("scripts/consume.ts", place, ["--from-beginning"]);
    await using folder = await testFolder();
    const database = ["--database", `sqlite:${folder.path}/edits.db`];
    const storing = [...database, "--max-messages", String(COUNT)];
    await using stored = startReader("scripts/store.ts", place, storing);
    await using publisher = newDelivery(place);
    await publisher.open();
    for (const [run, id] of [1, 2, 3].entries()) {
      const from = 200 * run;
      await publisher.publish(batchOf(place, from, from + 100), NEVER);
      // A clean stop: the broker hands over its partitions, so they have no leader for a moment.
      await kafka.stop(id);
      await publisher.publish(batchOf(place, from + 100, from + 200), NEVER);
      await kafka.start(id);
    }
    const store = await stored.ended;
    assertEquals(store.code, 0, store.stderr);
    using file = new DatabaseSync(`${folder.path}/edits.db`);
    const rows = file.prepare("SELECT value FROM bad_records").all();
    assertEquals(numbersIn(rows.map(({ value }) => decoder.decode(value as Uint8Array))), NUMBERS);
    const outputs = async () => {
      const texts = await Promise.all([first, second].map((one) => one.untilOutput("\n")));
      return [...new Set(numbersIn(texts.join("").trim().split("\n")))].sort((a, b) => a - b);
    };
    assertEquals(await until(outputs, (read) => read.length === COUNT), NUMBERS);
    for (const consumer of [first, second]) {
      consumer.kill("SIGINT");
      const { code, stderr } = await consumer.ended;
      assertEquals(code, 0, stderr);
    }
  },
});

Deno.test({
  name: "RecordTransactions publishes once while each of three brokers dies",
  ...unsanitized,
  async fn() {
    const place = await newPlace(address, { replicationFactor: 3 });
    await using transactions = await RecordTransactions.open(place.cluster, place.group);
    let count = 0;
    const publish = async () => {
      await transactions.publish(batchOf(place, count, count + 10).records);
      count += 10;
    };
    await publish();
    for (const id of [1, 2, 3]) {
      let isDead = false;
      const death = kafka.kill(id).then(() => isDead = true);
      while (!isDead) await publish();
      await death;
      await publish();
      await kafka.start(id);
    }
    const records = await recordsOf(address, place.topic, count);
    assertEquals(numbersIn(records.map(({ value }) => value)), [...new Array(count).keys()]);
  },
});

Deno.test({
  name: "verify continues after any of three brokers dies while it reads",
  ...unsanitized,
  async fn() {
    const log = syntheticLog({ rate: 1000, count: 50_000, canaryEvery: 1000 });
    await using server = serve(log);
    const topic = await makeTopic(address, { replicationFactor: 3 });
    const span = ["--since", String(START), "--until", String(START + 48_000)];
    const args = ["--stream-url", server.url, "--topic", topic, ...span];
    await produce({ kafka: address, topic, url: server.url, args: span });
    for (const id of [1, 2, 3]) {
      let death: Promise<void> | undefined;
      const onProgress = ({ phase, part }: VerifyProgress) => {
        if (phase === "reading the topic" && part > 0 && part < 1) death ??= kafka.kill(id);
      };
      const { differences, expected, found } = await verifyReport(address, args, { onProgress });
      assert(death !== undefined);
      await death;
      await kafka.start(id);
      assertEquals(Object.values(differences), [0, 0, 0, 0, 0, 0], `broker ${id}`);
      assert(expected > 15_000);
      assertEquals(found, expected);
    }
  },
});

const decoder = new TextDecoder();

function numbersIn(values: readonly string[]): number[] {
  return values.map(Number).sort((a, b) => a - b);
}

/** Starts a program that reads in a group. */
function startReader(script: string, { topic, group }: Place, args: readonly string[]): Running {
  const at = ["--bootstrap-server", kafka.bootstrapServers, "--topic", topic];
  const from = [...at, "--group", `${group}-${script}`];
  return startProgram(script, [...from, ...args], { limit: 180_000 });
}
