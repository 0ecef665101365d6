import { DatabaseSync } from "node:sqlite";
import { openCluster } from "../../../lib/kafka/client/cluster.ts";
import { openSink } from "../../../lib/store/sinks/open.ts";
import type { TopicPartition } from "../../../lib/kafka/topic_partition.ts";
import type { StoreOptions } from "../../../lib/store/consumer/options.ts";
import { storeTopics } from "../../../lib/store/consumer/store_topics.ts";
import { StoreProgress } from "../../../lib/store/consumer/progress.ts";

/** A database file of a test; `rows()` looks into it. */
export async function makeDatabase() {
  const directory = await Deno.makeTempDir();
  const file = `${directory}/edits.db`;
  const query = (sql: string): unknown[][] => {
    using database = new DatabaseSync(file);
    const statement = database.prepare(sql);
    return statement.all().map((row) => Object.values(row as Record<string, unknown>));
  };
  return {
    file,
    query,
    /** The stored offset of a topic with one partition. */
    next: () => query("SELECT next_offset FROM positions")[0]?.[0],
    ids: () => query("SELECT change_id FROM edits ORDER BY change_id").map(([id]) => Number(id)),
    [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
  };
}

/** Counts how often the member joined its group. */
class JoinCounter extends StoreProgress {
  joins = 0;

  override assigned(partitions: readonly TopicPartition[]): void {
    this.joins++;
    super.assigned(partitions);
  }
}

/** The shortest that a broker accepts by default (ms). */
export const SHORT_SESSION = {
  sessionTimeout: 6000,
  heartbeatInterval: 1000,
  rebalanceTimeout: 6000,
};

/** A run of the store, by default until it is stopped. */
export interface StoreRun {
  readonly topic: string | readonly string[];
  readonly file: string;
  readonly group?: string;
  readonly maxRecords?: number;
  readonly batchSize?: number;
  readonly session?: typeof SHORT_SESSION;
  readonly select?: StoreOptions["select"];
}

/** Starts work that runs until the caller stops it. */
export function stoppable(work: (signal: AbortSignal) => Promise<void>) {
  const stop = new AbortController();
  const done = work(stop.signal);
  done.catch(() => {}); // looked at by `stop()`, or by the test
  return {
    done,
    stop: () => {
      stop.abort();
      return done;
    },
  };
}

/** Stores until `maxRecords`, or until the caller stops it. */
export function startStore(
  brokers: string,
  { topic, file, batchSize = 10_000, ...run }: StoreRun,
) {
  const topics = [topic].flat();
  const { group = topics[0]!, session, ...more } = run;
  const progress = new JoinCounter();
  const storing = stoppable(async (signal) => {
    await using sink = await openSink({ kind: "sqlite", file }, undefined);
    // A client of its own: kafkajs's consumers of one client and group share their offsets.
    await storeTopics(openCluster({ brokers: brokers.split(",") }), {
      ...more,
      topics,
      group,
      sink,
      batchSize,
      signal,
      progress,
      ...session === undefined ? {} : { session },
    });
  });
  return { progress, ...storing };
}
