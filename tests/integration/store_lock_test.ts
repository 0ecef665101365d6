/** The store while another process holds the lock of its database. */
import { assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { openCluster } from "../../lib/kafka/client/cluster.ts";
import { sleep } from "../../lib/shared/sleep.ts";
import { openSink } from "../../lib/store/sinks/open.ts";
import { storeTopics } from "../../lib/store/consumer/store_topics.ts";
import { StoreProgress } from "../../lib/store/consumer/progress.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { editMessages, publish, range } from "../support/kafka/records.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { until } from "../support/tools/until.ts";
import {
  makeDatabase,
  SHORT_SESSION,
  startStore,
  type StoreRun,
} from "../support/databases/store_run.ts";

const brokers = await testKafka();
const config = { brokers: brokers.split(",") };
const start = (run: StoreRun) => startStore(brokers, run);

Deno.test("storeTopics() waits while another process holds the file's lock", async () => {
  await using database = await makeDatabase();
  const topic = await makeTopic(brokers, { partitions: 1 });
  const run = start({ topic, file: database.file });
  await until(() => run.progress.snapshot().partitions, (partitions) => partitions === 1);
  {
    using blocker = new DatabaseSync(database.file);
    blocker.exec("BEGIN IMMEDIATE");
    await publish(brokers, topic, editMessages(0, 10));
    await until(() => run.progress.snapshot().isDatabaseAway, (isAway) => isAway);
    blocker.exec("ROLLBACK");
  }
  await until(database.ids, (ids) => ids.length === 10);
  await run.stop();
});

Deno.test("storeTopics() stays in its group while the database is unreachable", async () => {
  await using database = await makeDatabase();
  const topic = await makeTopic(brokers, { partitions: 1 });
  const run = start({ topic, file: database.file, session: SHORT_SESSION });
  await until(() => run.progress.snapshot().partitions, (partitions) => partitions === 1);
  {
    using blocker = new DatabaseSync(database.file);
    blocker.exec("BEGIN IMMEDIATE");
    await publish(brokers, topic, editMessages(0, 10));
    await until(() => run.progress.snapshot().isDatabaseAway, (isAway) => isAway);
    // Only the time shows that a broker has let a session expire.
    await sleep(SHORT_SESSION.sessionTimeout + 1000);
    blocker.exec("ROLLBACK");
  }
  await until(database.ids, (ids) => ids.length === 10);
  assertEquals(run.progress.joins, 1);
  await run.stop();
});

Deno.test("storeTopics() waits at its start for the file's lock, until stopped", async () => {
  await using database = await makeDatabase();
  const topic = await makeTopic(brokers, { partitions: 1 });
  await publish(brokers, topic, editMessages(0, 10));
  await using sink = await openSink({ kind: "sqlite", file: database.file }, undefined);
  using blocker = new DatabaseSync(database.file);
  blocker.exec("BEGIN IMMEDIATE");
  const store = (signal: AbortSignal, maxRecords?: number) => {
    const progress = new StoreProgress();
    const options = {
      topics: [topic],
      group: topic,
      sink,
      batchSize: 10,
      maxRecords,
      signal,
      progress,
    };
    const done = storeTopics(openCluster(config), options);
    const isAway = until(() => progress.snapshot().isDatabaseAway, (isAway) => isAway);
    return { done, waits: Promise.race([done, isAway]) };
  };
  const stop = new AbortController();
  const stopped = store(stop.signal);
  await stopped.waits;
  stop.abort();
  await stopped.done;
  const run = store(new AbortController().signal, 10);
  await run.waits;
  blocker.exec("ROLLBACK");
  await run.done;
  assertEquals(database.ids(), range(0, 10));
});
