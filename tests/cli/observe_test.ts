import { assert, assertEquals, assertMatch } from "@std/assert";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { until } from "../support/tools/until.ts";
import { VERSION } from "../../lib/shared/version.ts";
import { testFolder } from "../support/tools/folder.ts";
import { ownKafka, testKafka } from "../support/kafka/kafka.ts";
import { Observed } from "../support/programs/observed.ts";
import { startProgram } from "../support/programs/program.ts";
import { valueOf } from "../support/programs/prometheus.ts";
import { eventsOf, recordsOf, serve, startProducer, withData } from "../support/kafka/produce.ts";
import { makeTopic } from "../support/kafka/topic.ts";

const kafka = await testKafka();
const START = Date.UTC(2026, 0, 1);

Deno.test("start --metrics-port serves the counts of events and records", async () => {
  const whole = syntheticLog({ start: START, rate: 40, count: 2000 });
  const bad = new TextEncoder().encode("{not JSON");
  const log = withData(whole, (index) => index === 100 ? bad : undefined);
  const bodies = eventsOf(log).map(({ body }) => body);
  const edits = bodies.filter(({ type }) => type === "edit").length;
  await using server = serve(log);
  const topic = await makeTopic(kafka);
  const observed = new Observed();
  const args = [...observed.flags, "--since", String(START - 1000)];
  const where = { kafka, topic, url: server.url, net: [observed.address] };
  await using producer = startProducer({ ...where, args });
  await recordsOf(kafka, topic, edits);
  await observed.until("ready");
  // Readers may see a commit before the producer has its answer.
  const families = await until(
    () => observed.scrape(),
    (families) => valueOf(families, "wikitap_records_published_total") === edits,
  );
  const is = (name: string, labels?: Record<string, string>) => valueOf(families, name, labels);
  assertEquals(is("wikitap_records_published_total"), edits);
  assertEquals(is("wikitap_commit_lag_seconds"), edits);
  assertEquals(is("wikitap_events_total", { type: "edit", outcome: "passed" }), edits);
  const logs = bodies.filter(({ type }) => type === "log").length;
  assertEquals(is("wikitap_events_total", { type: "log", outcome: "filtered" }), logs);
  assertEquals(is("wikitap_events_total", { type: "unreadable", outcome: "refused" }), 1);
  assertEquals(is("wikitap_refused_total", { reason: "bad JSON" }), 1);
  assertEquals(is("wikitap_queue_records"), 0);
  assertEquals([is("wikitap_stream_connected"), is("wikitap_kafka_connected")], [1, 1]);
  const committed = is("wikitap_transactions_total", { outcome: "committed" })!;
  assertEquals(is("wikitap_transaction_duration_seconds"), committed);
  assert(is("wikitap_stream_received_bytes_total")! > 1e6);
  const age = (Date.now() - START) / 1000;
  for (const name of ["wikitap_lag_seconds", "wikitap_position_age_seconds"]) {
    assert(Math.abs(is(name)! - age) < 300, name);
  }
  assertEquals(is("wikitap_build_info", { version: VERSION }), 1);
  assertEquals(await observed.health("live"), { status: 200, reasons: [] });
  producer.process.kill("SIGTERM");
  const ended = await producer.ended;
  assertEquals(ended.code, 0, ended.stderr);
  assertMatch(
    ended.stderr,
    /info +metrics: Serving metrics at http:\/\/127\.0\.0\.1:\d+\/metrics$/m,
  );
});

Deno.test("start is not ready while the stream is silent", async () => {
  let stoppedAt: number | undefined;
  const log = syntheticLog({ start: Date.now() - 5000, rate: 40 });
  await using server = serve(log, { pace: "wall-clock", now: () => stoppedAt ?? Date.now() });
  const topic = await makeTopic(kafka);
  const observed = new Observed();
  const args = [...observed.flags, "--idle-timeout", "1s"];
  const where = { kafka, topic, url: server.url, net: [observed.address] };
  await using producer = startProducer({ ...where, args });
  await observed.until("ready");
  stoppedAt = Date.now();
  await observed.until(/^No event has arrived for .*, the limit is 1s$/);
  assertEquals((await observed.health("live")).status, 200);
  stoppedAt = undefined;
  await observed.until("ready");
  assert((await observed.value("wikitap_stream_reconnects_total", { cause: "idle" }))! > 0);
  producer.process.kill("SIGTERM");
  assertEquals((await producer.ended).code, 0);
});

Deno.test("start and store are not ready while Kafka is unreachable", async () => {
  await using stack = new AsyncDisposableStack();
  const own = stack.use(await ownKafka());
  const { path } = stack.use(await testFolder());
  const kafka = own.bootstrapServers;
  const log = syntheticLog({ start: Date.now() - 5000, rate: 40 });
  const server = stack.use(serve(log, { pace: "wall-clock" }));
  const topic = await makeTopic(kafka);
  const observed = new Observed();
  const where = { kafka, topic, url: server.url, net: [observed.address] };
  const producer = stack.use(startProducer({ ...where, args: observed.flags, limit: 120_000 }));
  const store = new Observed();
  const stored = stack.use(startProgram("scripts/store.ts", [
    ...["--bootstrap-server", kafka, "--topic", topic],
    ...["--database", `sqlite:${path}/edits.db`, ...store.flags],
  ], {
    permissions: [
      ...["-P=store", `--allow-net=${kafka},${store.address}`],
      ...[`--allow-read=${path}`, `--allow-write=${path}`],
    ],
    limit: 120_000,
  }));
  await Promise.all([observed.until("ready"), store.until("ready")]);
  await own.kill(own.nodes[0]!.id);
  const away = /^Kafka is not connected$/;
  await Promise.all([observed.until(away), store.until(away)]);
  assertEquals(await observed.value("wikitap_kafka_connected"), 0);
  await observed.untilSome("wikitap_queue_records");
  await own.start();
  await Promise.all([observed.until("ready"), store.until("ready")]);
  assertEquals(await observed.value("wikitap_kafka_connected"), 1);
  assert((await observed.value("wikitap_kafka_restarts_total"))! > 0);
  await store.untilSome("wikitap_store_records_total", { outcome: "stored" });
  const families = await store.scrape();
  const is = (name: string, labels?: Record<string, string>) => valueOf(families, name, labels);
  assertEquals(is("wikitap_store_records_total", { outcome: "put_aside" }), 0);
  assert(is("wikitap_store_batch_records")! > 0);
  assertEquals([is("wikitap_store_partitions"), is("wikitap_kafka_connected")], [3, 1]);
  for (const program of [producer, stored]) {
    program.process.kill("SIGTERM");
    assertEquals((await program.ended).code, 0);
  }
});

Deno.test("start reports a metrics port that is in use or not permitted", async () => {
  const log = syntheticLog({ start: START, rate: 40, count: 10 });
  await using server = serve(log);
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const run = async (port: number, net: readonly string[] = []) => {
    const args = ["--metrics-port", String(port)];
    await using producer = startProducer({ kafka, topic: "t", url: server.url, args, net });
    return await producer.ended;
  };
  const { port } = taken.addr;
  const inUse = await run(port, [`127.0.0.1:${port}`]);
  assertEquals(inUse.code, 1);
  assertMatch(
    inUse.stderr,
    /^error: Cannot serve metrics on .*: the port is in use\n.*with --metrics-port/m,
  );
  const forbidden = await run(new Observed().port);
  assertEquals(forbidden.code, 1);
  assertMatch(forbidden.stderr, /^error: .*: Deno denies it\n.*--allow-net=127\.0\.0\.1:\d+/m);
  assert(inUse.ms < 5000 && forbidden.ms < 5000);
});
