import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { freePort } from "../../lib/local/process/ports.ts";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { VERSION } from "../../lib/shared/version.ts";
import { ownKafka, testKafka, uniqueTopic } from "../support/kafka/kafka.ts";
import {
  eventsOf,
  type ProducerOptions,
  recordsOf,
  serve,
  startProducer,
  withData,
} from "../support/kafka/produce.ts";
import { type Ended, runProgram } from "../support/programs/program.ts";
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

/** Texts that a user never sees. */
function assertPlain({ stderr }: Ended): void {
  const withoutCauses = stderr.replace(/^ {2}cause: .*$/gm, "");
  const unwanted = /^ +at |kafkajs|TimeoutNegativeWarning|defect of wikitap/im;
  assertEquals(unwanted.exec(withoutCauses), null, stderr);
}

Deno.test("start --help begins with examples; it and --version end with 0", async () => {
  const help = await runProgram("main.ts", ["--help", "--no-such-flag"]);
  assertEquals([help.code, help.stderr], [0, ""]);
  assertMatch(help.stdout, /^[^\n]+\n[^\n]+\n\nExamples:\n {2}# /);
  for (const flag of ["--events-to-produce N", "--dry-run", "--bootstrap-server", "--log-level"]) {
    assertStringIncludes(help.stdout, flag);
  }
  const version = await runProgram("main.ts", ["--version"]);
  assertEquals([version.code, version.stdout, version.stderr], [0, `wikitap ${VERSION}\n`, ""]);
});

Deno.test("start ends with 2 for wrong usage before anything is opened", async () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ["--no-such-flag", /unknown flag '--no-such-flag'/],
    ["extra", /unexpected argument 'extra'/],
    ["--events-to-produce 0", /expected a whole number from 1/],
    ["--events_to_produce x", /Cannot use the value 'x' for --events-to-produce/],
    ["--topic a/b", /expected a topic/],
    ["--topic a --topic b", /Cannot use --topic 2 times/],
    ["--topic", /Cannot use --topic without a value/],
    ["--bootstrap-server nowhere", /expected HOST:PORT/],
    ["--stream-url ftp://x/", /expected an http/],
    ["--stream-url http://x/v2/stream/recentchange?since=1", /with a 'since' parameter/],
    ["--since 2099-01-01", /expected a time in the past/],
    ["--since 1h --until 2h", /--since is later than --until/],
    ["--linger 5", /expected a duration/],
    ["--fields title --payload event", /Cannot combine/],
    ["--types nonsense", /Cannot select the change type 'nonsense'/],
    ["--wiki en.wikipedia.org", /expected a name such as enwiki/],
    ["--namespace Tlak", /expected a number or a name/],
    ["--users aliens", /expected one of all, human, bot/],
    ["--dry-run --show-position", /Cannot combine/],
    ["--show-position --reset-position", /Cannot combine/],
    ["--dead-letter-topic wikipedia-events", /Cannot use one topic for both/],
    [
      "--topic wikipedia-{type} --dead-letter-topic wikipedia-edit",
      /Cannot use one topic for both/,
    ],
    ["--idle-timeout 25d", /at most 24d/],
    ["--topic {wiki}{type}", /between two placeholders/],
    ["--sasl plain", /Cannot use --sasl without --sasl-username/],
    ["--tls-ca ca.pem", /Cannot use --tls-ca without --tls/],
    ["--contact a(b)", /without parentheses/],
    ["--log-level loud", /expected one of debug, info, warn, error/],
  ];
  for (const [flags, said] of wrong) {
    const ended = await runProgram("main.ts", flags.split(" "), { permissions: ["-P=producer"] });
    assertEquals([ended.code, ended.stdout], [2, ""], flags);
    assertMatch(ended.stderr, /^error: /, flags);
    assertMatch(ended.stderr, said);
    assertPlain(ended);
  }
});

Deno.test("start without a broker reports that within 5 s", async () => {
  const broker = `127.0.0.1:${freePort()}`;
  await using server = serve(log);
  await using producer = startProducer({ kafka: broker, topic: "t", url: server.url });
  const ended = await producer.ended;
  assertEquals([ended.code, ended.stdout], [1, ""]);
  assertMatch(ended.stderr, /^error: .*no broker answers at 127\.0\.0\.1:/m);
  assert(ended.ms < 5000, `${ended.ms} ms`);
  assertEquals(server.stats.connections, 0);
  assertPlain(ended);
});

Deno.test("start with a missing topic names the command to create it", async () => {
  await using server = serve(log);
  const topic = uniqueTopic();
  const ended = await produce({ topic, url: server.url });
  assertEquals(ended.code, 1);
  assertMatch(ended.stderr, /^error: .*does not exist\n {2}.*create/m);
  assertStringIncludes(ended.stderr, topic);
  assertPlain(ended);
});

Deno.test("start without a contact names the option to set one, and uses it", async () => {
  await using server = serve(log, { requireContact: true });
  const topic = await makeTopic(kafka);
  const options = { topic, url: server.url };
  const args = [...FROM_START, "--events-to-produce", "5"];
  const refused = await produce({ ...options, args });
  assertEquals(refused.code, 1);
  assertMatch(refused.stderr, /^error: .*answered 403/m);
  assertMatch(refused.stderr, /--contact \(or WIKITAP_CONTACT\)/);
  assertPlain(refused);
  assertEquals((await produce({ ...options, args: [...args, "--contact", "a@b.org"] })).code, 0);
  const env = { WIKITAP_CONTACT: "https://example.org/me" };
  assertEquals((await produce({ ...options, args, env })).code, 0);
  assertEquals((await idsIn(topic, 10)).length, 10);
});

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
  Deno.test(`start publishes the pending batch after ${signal}, and ends with 0`, async () => {
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

Deno.test("start that cannot publish the pending batch ends with 1 in time", async () => {
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

Deno.test("start --show-position prints the position, --reset-position forgets it", async () => {
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

Deno.test("start refuses another stream's position, and names the flag to reset", async () => {
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

Deno.test("start logs text or JSON, only errors with --quiet, and no raw title", async () => {
  const evil = "\u001b[2J\u009b31m\u202e\r\n";
  const hostile = withData(log, (index) => {
    if (index % 10 !== 5) return undefined;
    return new TextEncoder().encode(`{"title": "${evil.replaceAll("\n", "")} not JSON`);
  });
  await using server = serve(hostile);
  const topic = await makeTopic(kafka);
  const run = (...args: string[]) =>
    produce({
      topic,
      url: server.url,
      args: [...FROM_START, "--events-to-produce", "50", ...args],
    });
  const text = await run();
  assertEquals(text.code, 0, text.stderr);
  assertMatch(text.stderr, /^\d\d:\d\d:\d\d warn {2}produce: Rejected \(bad JSON, 1 so far\): /m);
  assertMatch(text.stderr, /\\u\{1b\}\[2J\\u\{9b\}31m\\u\{202e\}/);
  const json = await run("--log-format", "json");
  const lines = json.stderr.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert(lines.every((line) => line["@timestamp"] && line.level && line.message && line.logger));
  assert(lines.some(({ message }) => message.includes("Rejected (bad JSON")));
  assertEquals((await run("--quiet")).stderr, "");
  for (const { stderr } of [text, json]) {
    // deno-lint-ignore no-control-regex -- control characters are what this is about
    assertEquals(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/.exec(stderr), null);
  }
  assertEquals((await recordsOf(kafka, topic, 150)).length, 150);
});

Deno.test("start --dry-run prints what would be published, without Kafka", async () => {
  await using server = serve(log);
  const args = ["--dry-run", ...FROM_START, "--events-to-produce", "25"];
  const options = { kafka: `127.0.0.1:${freePort()}`, topic: "w-{type}", url: server.url };
  const route = ["--types", "edit,new", "--headers", "cloudevents", "--key", "user"];
  await using producer = startProducer({ ...options, args: [...args, ...route] });
  const ended = await producer.ended;
  assertEquals(ended.code, 0, ended.stderr);
  assertStringIncludes(ended.stderr, "Printed 25 records");
  assertPlain(ended);
  const printed = ended.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  const wanted = eventsOf(log).filter(({ body }) => ["edit", "new"].includes(body.type));
  assertEquals(
    printed.map(({ topic, key, timestamp, headers, value }) => [
      ...[topic, key, timestamp, headers.ce_id, JSON.parse(value).title],
    ]),
    wanted.slice(0, 25).map(({ body }) => [
      ...[`w-${body.type}`, body.user ?? null, Date.parse(body.meta.dt)],
      ...[body.meta.id, body.title],
    ]),
  );
});

Deno.test("start --dry-run ends quietly when its reader is gone", async () => {
  await using server = serve(syntheticLog({ start: START }));
  const command = `"$0" run -q -A --no-check main.ts --dry-run --quiet --since ${START} ` +
    `--stream-url ${server.url} | head -2`;
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-o", "pipefail", "-c", command, Deno.execPath()],
  }).output();
  const [lines, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals([code, errors], [0, ""]);
  assertEquals(lines!.trimEnd().split("\n").length, 2);
});
