import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { ownKafka, testKafka, uniqueTopic } from "../support/kafka/kafka.ts";
import {
  eventsOf,
  type ProducerOptions,
  recordsOf,
  serve,
  startProducer,
} from "../support/kafka/produce.ts";
import { assertPlain, type Ended, runProgram } from "../support/programs/program.ts";
import { makeTopic } from "../support/kafka/topic.ts";

const kafka = await testKafka();
const START = Date.UTC(2026, 0, 1);
const FROM_START = ["--since", String(START - 1000)];
const log = syntheticLog({ start: START, rate: 40, count: 4000 });
const edits = eventsOf(log).filter(({ body }) => body.type === "edit");
const ids = edits.map(({ body }) => body.id);

async function produce(options: Omit<ProducerOptions, "kafka">): Promise<Ended> {
  await using producer = startProducer({ kafka, ...options });
  return await producer.ended;
}

/** The ids of the edits in a topic, in upstream's order. */
async function idsIn(topic: string, count: number): Promise<number[]> {
  const records = await recordsOf(kafka, topic, count);
  const place = new Map(ids.map((id, index) => [id, index]));
  const found = records.map(({ value }) => JSON.parse(value).id);
  return found.sort((a, b) => place.get(a)! - place.get(b)!);
}

Deno.test("start --events-to-produce N publishes exactly N, then the next ones", async () => {
  await using server = serve(log);
  const topic = await makeTopic(kafka);
  for (const [run, count] of [137, 1, 500].entries()) {
    const args = ["--events-to-produce", String(count), ...run === 0 ? FROM_START : []];
    const ended = await produce({ topic, url: server.url, args });
    assertEquals([ended.code, ended.stdout], [0, ""], ended.stderr);
    assertMatch(ended.stderr, new RegExp(`Published ${count} records? of`));
    assertPlain(ended);
  }
  assertEquals(await idsIn(topic, 638), ids.slice(0, 638));
});

Deno.test("start accepts the tutorial's flags, and addresses from the environment", async () => {
  await using server = serve(syntheticLog({ start: Date.now() - 60_000, rate: 200 }), {
    pace: "wall-clock",
  });
  const topic = await makeTopic(kafka);
  const args = ["--bootstrap_server", kafka, "--topic_name", topic, "--events_to_produce", "20"];
  const permissions = ["-P=producer", `--allow-net=${kafka},${new URL(server.url).host}`];
  const env = { EVENTSTREAMS_URL: server.url };
  const first = await runProgram("main.ts", args, { permissions, env });
  assertEquals(first.code, 0, first.stderr);
  const second = await runProgram("main.ts", args.slice(2), {
    permissions,
    env: { ...env, KAFKA_BROKERS: kafka },
  });
  assertEquals(second.code, 0, second.stderr);
  const found = (await recordsOf(kafka, topic, 40)).map(({ value }) => JSON.parse(value).id);
  assertEquals([found.length, new Set(found).size], [40, 40]);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`start publishes the pending batch after ${signal}, and exits with 0`, async () => {
    // The log is at its end then: the producer waits on a silent connection.
    await using server = serve(log);
    const topic = await makeTopic(kafka);
    const args = [...FROM_START, "--linger", "1h", "--batch-size", "1000"];
    await using producer = startProducer({ kafka, topic, url: server.url, args });
    await recordsOf(kafka, topic, 1000);
    producer.process.kill(signal);
    const ended = await producer.ended;
    assertEquals([ended.code, ended.stdout], [0, ""], ended.stderr);
    assertPlain(ended);
    // One batch, and the part of the next one that was read.
    const [, published = ""] = /Published ([\d,]+) records/.exec(ended.stderr) ?? [];
    const count = Number(published.replaceAll(",", ""));
    assert(count >= 1000 && count <= ids.length, ended.stderr);
    assertEquals(await idsIn(topic, count), ids.slice(0, count));
    if (count < ids.length) {
      const rest = ["--events-to-produce", String(ids.length - count)];
      assertEquals((await produce({ topic, url: server.url, args: rest })).code, 0);
    }
    assertEquals(await idsIn(topic, ids.length), ids);
  });
}

Deno.test("start exits with 1 in time if it cannot publish the pending batch", async () => {
  await using stack = new AsyncDisposableStack();
  const own = stack.use(await ownKafka());
  const address = own.bootstrapServers;
  const server = stack.use(serve(syntheticLog({ start: START, rate: 400 }), {
    pace: "first-client",
  }));
  const names = ["patient", "hasty"] as const;
  const [patient, hasty] = await Promise.all(names.map(async (name) => {
    const topic = await makeTopic(address, { topic: name });
    const args = [...FROM_START, "--shutdown-timeout", name === "patient" ? "1h" : "1s"];
    const producer = stack.use(startProducer({ kafka: address, topic, url: server.url, args }));
    await recordsOf(address, topic, 1);
    return producer;
  }));
  await own.kill(own.nodes[0]!.id);
  for (const producer of [patient!, hasty!]) {
    await producer.untilLog("; retrying");
    producer.process.kill("SIGTERM");
  }
  const late = await hasty!.ended;
  assertEquals(late.code, 1, late.stderr);
  assertMatch(
    late.stderr,
    /^error: Cannot stop in time: Kafka has not acknowledged the last \d+ records; the position/m,
  );
  assertPlain(late);
  patient!.process.kill("SIGTERM");
  const killed = await patient!.ended;
  assertEquals([killed.code, killed.stdout], [1, ""], killed.stderr);
  assertPlain(killed);
});

Deno.test("start --show-position prints the position; --reset-position deletes it", async () => {
  await using server = serve(log);
  const topic = await makeTopic(kafka);
  const name = uniqueTopic("name");
  const run = (...args: string[]) =>
    produce({ topic, url: server.url, args: ["--name", name, ...args] });
  const none = await run("--show-position");
  assertEquals([none.code, none.stdout], [0, `No position is saved for '${name}'\n`]);
  assertEquals((await run("--events-to-produce", "7", ...FROM_START)).code, 0);
  const shown = await run("--show-position");
  assertEquals([shown.code, shown.stderr], [0, ""]);
  const { handled, position, ...place } = JSON.parse(shown.stdout);
  assertEquals([place.name, place.topic, position.stream], [name, topic, server.url]);
  assert(handled >= 7, `${handled}`);
  const reset = await run("--reset-position");
  assertEquals([reset.code, reset.stdout], [0, `Deleted the position of '${name}'\n`]);
  assertEquals((await run("--reset-position")).stdout, `No position is saved for '${name}'\n`);
  assertEquals((await run("--show-position")).stdout, none.stdout);
  assertEquals((await run("--events-to-produce", "7", ...FROM_START)).code, 0);
  assertEquals(await idsIn(topic, 14), ids.slice(0, 7).flatMap((id) => [id, id]));
});

Deno.test("start logs where it resumes, and that --since is ignored", async () => {
  await using server = serve(log);
  const topic = await makeTopic(kafka);
  const args = [...FROM_START, "--events-to-produce", "3"];
  const first = await produce({ topic, url: server.url, args });
  assertMatch(first.stderr, /starting at 2025-12-31T23:59:59\.000Z, \d+d .*ago$/m);
  const second = await produce({ topic, url: server.url, args });
  assertMatch(second.stderr, /Resuming at 2026-01-01T.*ago \(to start again: --reset-position\)$/m);
  assertMatch(second.stderr, /warn .*--since is ignored: there is a saved position/);
});

Deno.test("start rejects another stream's position, and names the flag to use", async () => {
  await using server = serve(log);
  const topic = await makeTopic(kafka);
  const args = [...FROM_START, "--events-to-produce", "3"];
  assertEquals((await produce({ topic, url: server.url, args })).code, 0);
  await using other = serve(log);
  const ended = await produce({ topic, url: other.url, args });
  assertEquals(ended.code, 1);
  assertStringIncludes(ended.stderr, server.url);
  assertStringIncludes(ended.stderr, "--reset-position");
});
