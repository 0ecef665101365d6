import type { ProtocolRequest } from "./codec.ts";
import type { TopicPartition } from "../topic_partition.ts";

/** The size of a partition on one broker. */
export interface PartitionSize extends TopicPartition {
  /** Bytes on disk. */
  readonly bytes: number;
}

/** The answer of DescribeLogDirs. */
export interface LogDirs {
  /** The sizes of all partitions on the broker. */
  readonly sizes: readonly PartitionSize[];
  /** Kafka's error code; 0 for none. */
  readonly errorCode: number;
}

/**
 * Requests the sizes on disk of a broker's partitions (DescribeLogDirs, version 4: Kafka 3.3).
 * Needs Describe on the cluster.
 */
export function logDirsRequest(): ProtocolRequest<LogDirs> {
  return {
    apiKey: 35,
    apiName: "DescribeLogDirs",
    apiVersion: 4,
    encode(writer) {
      writer.array(undefined, () => {}); // topics: all
      writer.end();
    },
    decode(reader) {
      reader.int32(); // throttle_time_ms
      const errorCode = reader.int16();
      const sizes = reader.array(() => {
        reader.int16(); // error_code of the directory, which then has no topics
        reader.string(); // log_dir
        const found = reader.array(() => {
          const topic = reader.string();
          const partitions = reader.array(() => {
            const partition = reader.int32();
            const bytes = reader.long();
            reader.long(); // offset_lag
            reader.boolean(); // is_future_key
            reader.end();
            return { topic, partition, bytes };
          });
          reader.end();
          return partitions;
        }).flat();
        reader.long(); // total_bytes
        reader.long(); // usable_bytes
        reader.end();
        return found;
      }).flat();
      return { sizes, errorCode };
    },
  };
}

/**
 * Requests the id of the active controller of a KRaft cluster (DescribeQuorum, version 0: Kafka
 * 3.3); `undefined` if this user may not know it. Needs Describe on the cluster.
 */
export function quorumRequest(): ProtocolRequest<number | undefined> {
  return {
    apiKey: 55,
    apiName: "DescribeQuorum",
    apiVersion: 0,
    encode(writer) {
      writer.array(["__cluster_metadata"], (topic) => {
        writer.string(topic);
        writer.array([0], (partition) => {
          writer.int32(partition);
          writer.end();
        });
        writer.end();
      });
      writer.end();
    },
    decode(reader) {
      if (reader.int16() !== 0) return undefined;
      let leader: number | undefined;
      // The voters that follow are not needed: nothing is read beyond the first partition's leader.
      if (reader.uvarint() > 1) {
        reader.string();
        if (reader.uvarint() > 1) {
          reader.int32(); // partition_index
          if (reader.int16() === 0) leader = reader.int32();
        }
      }
      return leader;
    },
  };
}
