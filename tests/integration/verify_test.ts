import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { openCluster } from "../../lib/kafka/client/cluster.ts";
import { programOfGroup } from "../../lib/kafka/consume/temporary_group.ts";
import { savedPosition } from "../../lib/kafka/publish/position/position_store.ts";
import { withAdmin } from "../../lib/kafka/admin/with_admin.ts";
import { murmur2 } from "../../lib/kafka/wire/murmur2.ts";
import { Comparison, REPAIRED_HEADER } from "../../lib/verify/comparison.ts";
import { ExpectedRecords } from "../../lib/verify/expected_records.ts";
import { expectedOf } from "../chaos/harness/expected.ts";
import { START, syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { UserError } from "../../lib/shared/error.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { produce, recordsOf, serve } from "../support/kafka/produce.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { until } from "../support/tools/until.ts";
import { repairReported, verifyReport, writeRecords } from "../support/kafka/verify.ts";
import { PATH_WITH_DENO, runProgram } from "../support/programs/program.ts";
import { codeBlocks, ROOT } from "../support/tools/readme.ts";
import { NO_DIFFERENCES } from "../support/tools/differences.ts";
import {
  editsIn,
  filled,
  filledTopic,
  LOG,
  SINCE,
  SPAN,
  UNTIL,
} from "../support/kafka/verify_topic.ts";

const kafka = await testKafka();
const decoder = new TextDecoder();

const own = await filledTopic(kafka);

Deno.test("verify finds no fault in a topic that the producer filled", async () => {
  await using server = serve(LOG);
  const { url } = server;
  const { code, stdout, stderr } = await runProgram("scripts/verify.ts", [
    ...["--bootstrap-server", kafka, "--topic", own, "--stream-url", url, ...SPAN],
    ...["--output", "json"],
  ], { permissions: ["-P=verify", `--allow-net=${kafka},${new URL(url).host}`] });
  assertEquals(code, 0, stderr);
  const report = JSON.parse(stdout);
  const { size } = editsIn(LOG);
  assert(size > 1000);
  assertEquals([report.clean, report.expected, report.found], [true, size, size]);
  assertEquals(report.differences, NO_DIFFERENCES);
  assertEquals(report.notes, []);
});

Deno.test("verify compares a span in pieces with the same result", async () => {
  await using server = serve(LOG);
  const { url } = server;
  const args = ["--topic", own, "--stream-url", url, ...SPAN];
  const report = await verifyReport(kafka, args, { maxRecords: 300 });
  const { size } = editsIn(LOG);
  assertEquals([report.expected, report.found], [size, size]);
  assertEquals(report.differences, NO_DIFFERENCES);
  assert(report.pieces >= 4, `${report.pieces} pieces`);
});

Deno.test("verify reads a topic twice, and the source once, for all pieces", async () => {
  // Pieces of 100 s, and margins of 10 s.
  const log = syntheticLog({ rate: 50, count: 50_000, canaryEvery: 100 });
  await using server = serve(log);
  const span = ["--since", String(START), "--until", String(START + 980_000)];
  const all = expectedOf(log).edits.map(({ record: { key, value, timestamp } }) => ({
    partition: murmur2(key!) % 3,
    key: decoder.decode(key!),
    value: decoder.decode(value),
    timestamp,
    headers: {},
  }));
  const [repaired, copied] = [all[9000]!, all[11_000]!];
  const records = all.filter((record) => record !== repaired).concat(
    copied,
    { ...repaired, headers: { [REPAIRED_HEADER]: "now" } },
  );
  for (const type of ["CreateTime", "LogAppendTime"]) {
    const configs = new Map([["message.timestamp.type", type]]);
    const topic = await makeTopic(kafka, { configs });
    await writeRecords(kafka, topic, records);
    const args = ["--topic", topic, "--stream-url", server.url, ...span, "--ignore-position"];
    using taken = spy(Comparison.prototype, "take");
    using cuts = spy(ExpectedRecords.prototype, "removeFrom");
    const { events: sent } = server.stats;
    const report = await verifyReport(kafka, args, { maxRecords: all.length / 10 });
    assertEquals(report.differences, { ...NO_DIFFERENCES, duplicated: 1 }, type);
    assertEquals([report.found, report.repaired], [report.expected, 1]);
    assert(report.pieces >= 10 && report.pieces <= 12, `${report.pieces} pieces`);
    assertEquals(cuts.calls, report.pieces - 1);
    const [read, streamed] = [taken.calls / records.length, (server.stats.events - sent) / 50_000];
    assert(read < 2.1, `the topic was read ${read} times`);
    assert(streamed < 2, `the source was read ${streamed} times`);
  }
});

/** Counts the calls of a method. */
function spy<T extends object>(prototype: T, name: keyof T): Disposable & { calls: number } {
  const method = prototype[name] as (...args: unknown[]) => unknown;
  const counter = {
    calls: 0,
    [Symbol.dispose]: () => void Object.assign(prototype, { [name]: method }),
  };
  Object.assign(prototype, {
    [name](this: T, ...args: unknown[]) {
      counter.calls++;
      return method.apply(this, args);
    },
  });
  return counter;
}

Deno.test("verify leaves no consumer group, and does not change the position", async () => {
  await using server = serve(LOG);
  const { url } = server;
  const cluster = openCluster({ brokers: [kafka] });
  const readers = async () => {
    const { groups } = await withAdmin(
      cluster,
      { action: "list groups" },
      (admin) => admin.listGroups(),
    );
    const ids = groups.map(({ groupId }) => groupId);
    return new Set(ids.filter((id) => programOfGroup(id) === "reader"));
  };
  const place = { group: `wikitap.${own}`, topic: own };
  const [before, position] = [await readers(), await savedPosition(cluster, place)];
  await verifyReport(kafka, ["--topic", own, "--stream-url", url, ...SPAN]);
  assertEquals(await savedPosition(cluster, place), position);
  // Readers of other tests come and go meanwhile.
  const left = (await readers()).difference(before);
  await until(readers, (now) => now.isDisjointFrom(left));
});

Deno.test("verify reports each injected fault, and repairs lost records", async () => {
  await using server = serve(LOG);
  const { url } = server;
  const all = await recordsOf(kafka, own, 1);
  const inSpan = all.filter(({ timestamp }) => timestamp >= SINCE && timestamp < UNTIL);
  const [lost, duplicated, changed, misplaced] = [100, 200, 300, 400].map((i) => inSpan[i]!);
  const [first, second] = samePage(inSpan, [lost, duplicated, changed, misplaced]);
  const swap = new Map([[first, second], [second, first]]);
  const foreign = { ...lost!, key: null, value: "a text" };
  const faulty = all.filter((record) => record !== lost && record !== misplaced).map((record) =>
    record === changed
      ? {
        ...record,
        value: record.value.replace('Z"', 'Z" ').replace(/"user_name":"/, '"user_name":"x'),
      }
      : swap.get(record) ?? record
  );
  const topic = await makeTopic(kafka);
  const elsewhere = { ...misplaced!, partition: (misplaced!.partition + 1) % 3 };
  await writeRecords(kafka, topic, [...faulty, duplicated!, foreign, elsewhere]);
  const args = ["--topic", topic, "--stream-url", url, ...SPAN];

  const report = await verifyReport(kafka, args);
  assertEquals(report.differences, {
    lost: 1,
    duplicated: 1,
    different: 1,
    outOfOrder: 1,
    wrongPartition: 1,
    foreign: 1,
  });
  assertEquals(report.expected, editsIn(LOG).size);
  assertEquals(report.found, report.expected - 2);
  const { domain, title } = JSON.parse(lost!.value);
  assertEquals(report.examples.lost.map(({ domain, title }) => [domain, title]), [[domain, title]]);
  assertEquals(report.examples.different[0]!.fields, ["user_name"]);

  await repairReported(kafka, args);
  const again = await verifyReport(kafka, args);
  assertEquals(again.differences, { ...report.differences, lost: 0 });
  assertEquals(again.repaired, 1);
});

/** Two neighboring records of one page, apart from other faults. */
function samePage<T extends { readonly key: string | null }>(
  records: readonly T[],
  except: readonly (T | undefined)[],
): [T, T] {
  const pages = Map.groupBy(records, ({ key }) => key);
  for (const page of pages.values()) {
    if (page.length >= 2 && !page.some((record) => except.includes(record))) {
      return [page[0]!, page[1]!];
    }
  }
  throw new Error("No page has two edits");
}

Deno.test("verify --repair makes a second comparison clean", async () => {
  await using server = serve(LOG);
  const { url } = server;
  const all = await recordsOf(kafka, own, 1);
  const topic = await makeTopic(kafka);
  const inSpan = all.filter(({ timestamp }) => timestamp >= SINCE && timestamp < UNTIL);
  const lost = new Set(inSpan.slice(500, 550));
  await writeRecords(kafka, topic, all.filter((record) => !lost.has(record)));
  const args = ["--bootstrap-server", kafka, "--topic", topic, "--stream-url", url, ...SPAN];
  const repaired = await runProgram("scripts/verify.ts", [...args, "--repair", "--yes"]);
  assertEquals(repaired.code, 1);
  assertStringIncludes(repaired.stdout, "NOT CLEAN: 50 lost");
  assertStringIncludes(repaired.stderr, "Published 50 records to repair the topic");
  const again = await runProgram("scripts/verify.ts", args);
  assertEquals(again.code, 0, again.stdout);
  assertStringIncludes(again.stdout, "Clean: nothing is lost");
  assertStringIncludes(again.stdout, "come after later edits of their pages");
});

Deno.test("verify reads the producer's options from its position", async () => {
  await using server = serve(LOG);
  const { url } = server;
  const topic = await filled(kafka, url, ["--key", "user", "--headers", "cloudevents"]);
  const args = ["--topic", topic, "--stream-url", url, ...SPAN];
  assertEquals((await verifyReport(kafka, args)).differences, NO_DIFFERENCES);
  const error = await assertRejects(
    () => verifyReport(kafka, [...args, "--wiki", "enwiki", "--key", "domain"]),
    UserError,
  );
  assertEquals(
    error.message,
    "Cannot verify: the producer uses other values of --wiki, --key",
  );
  const other = await verifyReport(kafka, [...args, "--ignore-position"]);
  assertEquals(other.differences.different, editsIn(LOG).size);
});

Deno.test("verify finds each fault at a switch of the data center", async () => {
  const log = syntheticLog({ rate: 100, count: 6000, canaryEvery: 100, switchAt: 2500 });
  await using server = serve(log);
  const topic = await filled(kafka, server.url);
  const args = ["--topic", topic, "--stream-url", server.url, ...SPAN];
  const report = await verifyReport(kafka, args);
  assertEquals([report.differences, report.found], [NO_DIFFERENCES, editsIn(log).size]);
  const all = await recordsOf(kafka, topic, 1);
  const faulty = await makeTopic(kafka);
  const near = all.filter(({ timestamp }) => Math.abs(timestamp - START - 25_000) < 1000);
  assert(near.length > 50);
  await writeRecords(kafka, faulty, all.filter((record) => !near.includes(record)).concat(all[0]!));
  const other = await verifyReport(kafka, ["--topic", faulty, ...args.slice(2)]);
  assertEquals(other.differences, { ...NO_DIFFERENCES, lost: near.length });
});

Deno.test("verify compares several topics, upstream's events and selected fields", async () => {
  await using server = serve(LOG);
  const { url } = server;
  const template = await makeTopic(kafka);
  for (const type of ["edit", "new"]) await makeTopic(kafka, { topic: `${template}-${type}` });
  const forms = [
    ["--topic", `${template}-{type}`, "--types", "edit,new", "--position-topic", template],
    ["--topic", await makeTopic(kafka), "--payload", "event", "--types", "*"],
    ["--topic", await makeTopic(kafka), "--fields", "title,user", "--key", "none"],
  ];
  for (const args of forms) {
    const topic = args[1]!;
    await produce({
      kafka,
      topic,
      url,
      args: ["--since", String(START), "--until", String(START + 58_000), ...args.slice(2)],
    });
    const report = await verifyReport(kafka, ["--stream-url", url, ...SPAN, ...args]);
    assertEquals(report.differences, NO_DIFFERENCES, topic);
    assert(report.expected > 1000, topic);
    assertEquals(report.found, report.expected, topic);
  }
});

Deno.test("docs/verify.md's commands work as written", async () => {
  const begin = Date.now() - 3 * 3_600_000;
  const log = syntheticLog({ start: begin, rate: 1, canaryEvery: 100 });
  await using recent = serve(log);
  const topic = await makeTopic(kafka);
  const args = ["--since", String(begin), "--until", String(Date.now() - 10_000)];
  await produce({ kafka, topic, url: recent.url, args });
  const page = await Deno.readTextFile(new URL("docs/verify.md", ROOT));
  for (const block of codeBlocks(page)) {
    const command = block.replace("--topic wikipedia-events", "")
      .replace("task verify", `task verify --topic ${topic}`);
    const { code, stdout, stderr } = await new Deno.Command("sh", {
      args: ["-c", command],
      cwd: ROOT,
      env: { PATH: PATH_WITH_DENO, KAFKA_BROKERS: kafka, EVENTSTREAMS_URL: recent.url },
      stdin: "null",
    }).output();
    const text = new TextDecoder().decode(stdout);
    assertEquals(code, 0, `${command}: ${text}${new TextDecoder().decode(stderr)}`);
    assertMatch(text, /Clean: nothing is lost|"clean": true/);
  }
});
