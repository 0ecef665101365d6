/** Checks the output of the producer, and the errors that name a wrong setting. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { freePort } from "../../lib/local/process/ports.ts";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { VERSION } from "../../lib/shared/version.ts";
import { testKafka, uniqueTopic } from "../support/kafka/kafka.ts";
import {
  eventsOf,
  type ProducerOptions,
  recordsOf,
  serve,
  startProducer,
  withData,
} from "../support/kafka/produce.ts";
import { assertPlain, type Ended, runProgram } from "../support/programs/program.ts";
import { makeTopic } from "../support/kafka/topic.ts";

const kafka = await testKafka();
const START = Date.UTC(2026, 0, 1);
const FROM_START = ["--since", String(START - 1000)];
const log = syntheticLog({ start: START, rate: 40, count: 4000 });

async function produce(options: Omit<ProducerOptions, "kafka">): Promise<Ended> {
  await using producer = startProducer({ kafka, ...options });
  return await producer.ended;
}

Deno.test("start --help begins with examples; --version exits with 0", async () => {
  const help = await runProgram("main.ts", ["--help", "--no-such-flag"]);
  assertEquals([help.code, help.stderr], [0, ""]);
  assertMatch(help.stdout, /^[^\n]+\n[^\n]+\n\nExamples:\n {2}# /);
  for (const flag of ["--events-to-produce N", "--dry-run", "--bootstrap-server", "--log-level"]) {
    assertStringIncludes(help.stdout, flag);
  }
  const version = await runProgram("main.ts", ["--version"]);
  assertEquals([version.code, version.stdout, version.stderr], [0, `wikitap ${VERSION}\n`, ""]);
});

Deno.test("start exits with 2 for wrong usage before it opens anything", async () => {
  // One of each step of reading the flags; producer_plan_test and its neighbors have all of them.
  const wrong: readonly (readonly [string, RegExp])[] = [
    ["--no-such-flag", /unknown flag '--no-such-flag'/],
    ["extra", /unexpected argument 'extra'/],
    ["--events_to_produce x", /Cannot use the value 'x' for --events-to-produce/],
    ["--topic", /Cannot use --topic without a value/],
    ["--since 1h --until 2h", /--since is later than --until/],
    ["--sasl plain", /Cannot use --sasl without --sasl-username/],
    ["--tls-ca ca.pem", /Cannot use --tls-ca without --tls/],
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

Deno.test("start reports an unreachable broker within 5 s", async () => {
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
  assertEquals((await recordsOf(kafka, topic, 10)).length, 10);
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
