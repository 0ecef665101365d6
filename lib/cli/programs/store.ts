import { type Main, program } from "../program.ts";
import { clusterConfig } from "../open/cluster_config.ts";
import { databaseSecret, openRegistry } from "../open/logins.ts";
import { observe } from "../open/observe.ts";
import { getLogger } from "@logtape/logtape";
import { jsonValues } from "../../avro/json_values.ts";
import { resolveTopics } from "../open/topics.ts";
import { databaseOption, parquetOptions, parquetSettings } from "../options/database.ts";
import { kafkaOptions } from "../options/kafka.ts";
import { observeOptions } from "../options/observe.ts";
import { option, type OptionGroup } from "../option.ts";
import { readingOptions } from "../options/reading.ts";
import { recordFilterOption } from "../options/record_filter.ts";
import { registryOptions } from "../options/registry.ts";
import { showStatus } from "../status.ts";
import { recordSelection } from "./record_selection.ts";
import { storeWatch } from "./store_status.ts";
import { groupName, integer } from "../values.ts";
import { openCluster } from "../../kafka/client/cluster.ts";
import { topicsText } from "../../kafka/consume/assigned.ts";
import { storeReadiness } from "../../observe/health.ts";
import { addStoreMetrics } from "../../observe/store_metrics.ts";
import { abortable, unlessStopped } from "../../shared/sleep.ts";
import { formatDatabase, groupOf } from "../../store/address.ts";
import { openSink } from "../../store/sinks/open.ts";
import { storeTopics } from "../../store/consumer/store_topics.ts";
import type { StoredBatch } from "../../store/consumer/options.ts";
import { formatDone, StoreProgress } from "../../store/consumer/progress.ts";

const storeOptions = {
  title: "Storing",
  options: {
    topic: readingOptions.options.topic,
    filter: recordFilterOption,
    database: databaseOption,
    group: option({
      placeholder: "NAME",
      help: "Consumer group. Its members share the partitions.",
      parse: groupName,
      defaultText: "one per database, shared by all processes that write to it",
    }),
    batchSize: option({
      placeholder: "N",
      help: "Maximum number of records of a partition per database transaction.",
      parse: integer(1, 100_000),
      default: 10_000,
    }),
    maxMessages: readingOptions.options.maxMessages,
  },
} satisfies OptionGroup;

const logger = getLogger(["wikitap", "store"]);

/** Stores the edits of topics. */
export const storeMain: Main = program({
  usage: "deno task store",
  summary:
    "Stores the edits of topics in a database, each committed record once, until Ctrl-C. The " +
    "first run begins with the oldest record; later runs resume from the offsets in the " +
    "database. Records that are not edits go to the table bad_records. Several processes " +
    "share the work.",
  examples: [
    ["deno task store", "Into the SQLite file edits.db"],
    [
      "PGPASSWORD=… deno task store --database postgres://wikitap@localhost/edits",
      "Into PostgreSQL",
    ],
    ["deno task store --database parquet:edits", "Into Parquet files in the directory edits"],
    [
      "OPENSEARCH_AUTH=… deno task store --database opensearch:https://localhost:9200/edits",
      "Into the index edits of OpenSearch or Elasticsearch",
    ],
    ["deno task store --topic 'wikipedia-*' --filter wiki=enwiki,dewiki", "Two wikis"],
    ["deno task store --max-messages 1000", "1,000 records, then it exits"],
  ],
  groups: [storeOptions, parquetOptions, kafkaOptions, registryOptions, observeOptions],
  run: async (options, stop) => {
    const { database, batchSize, maxMessages, filter } = options;
    const cluster = openCluster(clusterConfig(options));
    const topics = await resolveTopics(cluster, options.topic);
    const { select, end } = recordSelection({ filter }, jsonValues(openRegistry(options)), logger);
    const opening = openSink(database, databaseSecret(database), parquetSettings(options));
    // Opening may be cut off at any moment, as by a crash.
    await using sink = await unlessStopped(stop, abortable(opening, stop));
    if (sink === undefined) return;
    const group = options.group ?? groupOf(database, sink.databaseId);
    logger.info("Storing {topics} in {database} as the group '{group}'; press Ctrl-C to stop", {
      topics: topicsText(topics),
      database: formatDatabase(database),
      group,
    });
    const progress = new StoreProgress();
    let onStored: ((batch: StoredBatch) => void) | undefined;
    await using _observed = await observe(options, {
      add: (metrics) => onStored = addStoreMetrics(metrics, progress),
      ready: () => storeReadiness({ snapshot: progress.snapshot(), isStopping: stop.aborted }),
    });
    try {
      const snapshot = storeWatch(progress, stop);
      using _status = showStatus({ component: "store", snapshot, log: options });
      await storeTopics(cluster, {
        topics,
        group,
        sink,
        batchSize,
        maxRecords: maxMessages,
        signal: stop,
        progress,
        select,
        onStored,
      });
      end();
    } finally {
      logger.info("Ended: {done}", { done: formatDone(progress.snapshot()) });
    }
  },
});
