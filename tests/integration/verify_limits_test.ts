/** Checks that verify names the records that it cannot compare, and calls none of them lost. */
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { openCluster } from "../../lib/kafka/client/cluster.ts";
import { withAdmin } from "../../lib/kafka/admin/with_admin.ts";
import { START, syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { sleep } from "../../lib/shared/sleep.ts";
import { UserError } from "../../lib/shared/error.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { produce, recordsOf, serve } from "../support/kafka/produce.ts";
import { openPublisher } from "../support/kafka/records.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { verifyReport, writeRecords } from "../support/kafka/verify.ts";
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

const own = await filledTopic(kafka);

Deno.test("verify counts no record as lost that the producer has not reached", async () => {
  await using server = serve(LOG);
  const { url } = server;
  const topic = await makeTopic(kafka);
  const end = START + 25_000;
  const to = ["--since", String(START), "--until", String(end)];
  await produce({ kafka, topic, url, args: to });
  const args = ["--topic", topic, "--stream-url", url, ...SPAN];
  const report = await verifyReport(kafka, args, { patienceMs: 0 });
  assertEquals(report.differences, NO_DIFFERENCES);
  assertEquals(report.found + report.unverifiable.notYetPublished, report.expected);
  assert(report.unverifiable.notYetPublished > 100);
  assertEquals([...report.notes], [
    `The producer 'wikitap.${topic}' is behind the end of the span, and its position does not move`,
  ]);
});

Deno.test("verify reports records that retention deleted", async () => {
  await using server = serve(LOG);
  const { url } = server;
  const topic = await filled(kafka, url);
  const offsets = (await recordsOf(kafka, topic, 1)).filter(({ timestamp }) =>
    timestamp >= SINCE && timestamp < SINCE + 5000
  );
  const last = [0, 1, 2].map((partition) => ({
    partition,
    offset: String(offsets.findLast((record) => record.partition === partition)!.offset),
  }));
  await withAdmin(
    openCluster({ brokers: [kafka] }),
    { action: "delete records" },
    async (admin) => {
      // Without this, kafkajs does not know the leaders.
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: last });
    },
  );
  const report = await verifyReport(kafka, ["--topic", topic, "--stream-url", url, ...SPAN]);
  assertEquals(report.differences, NO_DIFFERENCES);
  assert(report.unverifiable.deletedByRetention > 100);
  assertEquals(report.found + report.unverifiable.deletedByRetention, report.expected);
  assertStringIncludes([...report.notes].join(), `Retention has deleted records of '${topic}'`);
});

Deno.test("verify counts no record of an open transaction as lost", async () => {
  await using server = serve(LOG);
  const all = await recordsOf(kafka, own, 1);
  const topic = await makeTopic(kafka);
  const isBefore = ({ timestamp }: { timestamp: number }) => timestamp < SINCE + 15_000;
  await writeRecords(kafka, topic, all.filter(isBefore));
  await using publisher = await openPublisher(kafka);
  const transaction = await publisher.begin();
  await transaction.send({ topic, messages: [{ partition: 1, value: "open" }] });
  await writeRecords(kafka, topic, all.filter((record) => !isBefore(record)));
  const args = ["--topic", topic, "--stream-url", server.url, ...SPAN, "--ignore-position"];
  const report = await verifyReport(kafka, args, { patienceMs: 500 });
  assertEquals(report.differences, NO_DIFFERENCES);
  const hidden =
    all.filter((record) => record.partition === 1 && !isBefore(record) && record.timestamp < UNTIL)
      .length;
  assert(hidden > 50);
  assertEquals(report.unverifiable.inOpenTransaction, hidden);
  assertEquals(report.found + hidden, report.expected);
  assertEquals([...report.notes], [
    `A transaction is open in '${topic}': the ends of the partitions 1 are not verifiable`,
  ]);
  const ended = sleep(1000).then(() => transaction.abort());
  const waited = await verifyReport(kafka, args);
  await ended;
  assertEquals([waited.differences, waited.found], [NO_DIFFERENCES, waited.expected]);
});

Deno.test("verify reports records that are older than the source", async () => {
  const from = SINCE + 15_000;
  await using server = serve(syntheticLog({ rate: 100, count: 6000, canaryEvery: 100, from }));
  const args = ["--topic", own, "--stream-url", server.url, ...SPAN];
  const report = await verifyReport(kafka, args);
  assertEquals(report.differences, NO_DIFFERENCES);
  const { size } = editsIn(LOG);
  assert(report.expected > 500 && report.expected < size - 500);
  assertEquals(report.found, report.expected);
  assertEquals(report.unverifiable.olderThanSource, size - report.expected);
  assertMatch([...report.notes].join(), /^The source has no events before 2025-01-01T00:00:2[45]/);
});

Deno.test("verify reports that nothing was compared if the source is empty", async () => {
  await using server = serve(LOG);
  const args = ["--topic", own, "--stream-url", server.url, ...SPAN, "--ignore-position"];
  const { notes } = await verifyReport(kafka, [...args, "--wiki", "xxwiki"]);
  assertEquals([...notes], [
    "The source has no record in the span, so nothing was compared: check --since and the filters",
  ]);
});

Deno.test("verify rejects compacted and missing topics", async () => {
  await using server = serve(LOG);
  const { url } = server;
  const compacted = await makeTopic(kafka, { configs: new Map([["cleanup.policy", "compact"]]) });
  const args = ["--stream-url", url, ...SPAN, "--topic"];
  const refused = await assertRejects(() => verifyReport(kafka, [...args, compacted]), UserError);
  assertEquals(
    refused.message,
    `Cannot verify the topic '${compacted}': its cleanup.policy is 'compact', expected 'delete'`,
  );
  const missing = await assertRejects(() => verifyReport(kafka, [...args, "none"]), UserError);
  assertStringIncludes(missing.message, "the topic 'none' does not exist");
});
