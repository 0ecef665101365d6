import type { Cluster } from "../client/cluster.ts";
import type { PositionPlace } from "./position/position_store.ts";
import type { Compression } from "./send/send.ts";
import type { NewTopics } from "./topic_table.ts";

/** The options of a `Delivery`. */
export interface DeliveryOptions {
  /** The clients of the cluster. */
  readonly cluster: Cluster;
  /** The guarantee: the value of `--delivery`. */
  readonly delivery: "exactly-once" | "at-least-once";
  /** Where the position is saved; the group is the producer's name. */
  readonly place: PositionPlace;
  /** The compression of record batches (default none). */
  readonly compression?: Compression;
  /** Topics that must exist at the start. Others are looked up when they are needed. */
  readonly topics: readonly string[];
  /** Those of them that get records without a key, and so must not be compacted. */
  readonly keylessTopics?: readonly string[];
  /** How to create missing topics. Without it they are an error. */
  readonly create?: NewTopics | undefined;
  /**
   * How long Kafka lets a transaction stay open, in ms (default 30,000). After a SIGKILL, readers
   * of committed records wait for at most this long, unless the producer is started again before.
   */
  readonly transactionTimeout?: number;
  /** How long a topic may reject the last batch, in ms (default 60,000). */
  readonly lastBatchTimeout?: number;
}
