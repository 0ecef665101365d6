import { clusterConfig } from "../open/cluster_config.ts";
import { databaseSecret, openRegistry } from "../open/logins.ts";
import { observe } from "../open/observe.ts";
import { getLogger } from "@logtape/logtape";
import { jsonValues } from "../../avro/json_values.ts";
import { resolveTopics } from "../open/topics.ts";
import { databaseOption, parquetOptions, parquetSettings } from "../options/database.ts";
import { kafkaOptions } from "../options/kafka.ts";
import { observeOptions } from "../options/observe.ts";
import { type GroupValues, option, type OptionGroup, type Values } from "../option.ts";
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
import { formatDatabase, groupOf } from "../../store/address.ts";
import { openSink } from "../../store/sinks/open.ts";
import { storeTopics } from "../../store/consumer/store_topics.ts";
import type { StoredBatch } from "../../store/consumer/options.ts";
import { formatDone, StoreProgress } from "../../store/consumer/progress.ts";

import type { logOptions } from "../log.ts";

const storeOptions = {
  title: "Storing",
  options: {
    topic: readingOptions.options.topic,
    filter: recordFilterOption,
    database: databaseOption,
    group: option({
      placeholder: "NAME",
      help: "The consumer group; its members share the partitions.",
      parse: groupName,
      defaultText: "one for each database, the same for all that write it",
    }),
    batchSize: option({
      placeholder: "N",
      help: "The most records of a partition in one transaction of the database.",
      parse: integer(1, 100_000),
      default: 10_000,
    }),
    maxMessages: readingOptions.options.maxMessages,
  },
} satisfies OptionGroup;

/** The option groups of `store`, in the order of `--help`. */
export const STORE_GROUPS = [
  storeOptions,
  parquetOptions,
  kafkaOptions,
  registryOptions,
  observeOptions,
] as const;
type StoreValues = GroupValues<typeof STORE_GROUPS> & Values<typeof logOptions.options>;

const logger = getLogger(["wikitap", "store"]);

/** Stores records until `stop` is aborted, or as many as wanted. */
export async function runStore(options: StoreValues, stop: AbortSignal): Promise<void> {
  const { database, batchSize, maxMessages, filter } = options;
  const cluster = openCluster(clusterConfig(options));
  const topics = await resolveTopics(cluster, options.topic);
  const { select, end } = recordSelection({ filter }, jsonValues(openRegistry(options)), logger);
  await using sink = await openSink(
    database,
    databaseSecret(database),
    parquetSettings(options),
  );
  const group = options.group ?? groupOf(database, sink.databaseId);
  logger.info("Storing {topics} in {database} as the group '{group}'; Ctrl-C ends it", {
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
}
