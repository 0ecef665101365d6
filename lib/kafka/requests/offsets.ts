import type { TopicPartition } from "../topic_partition.ts";
import type { ProtocolRequest } from "./codec.ts";

/** Offsets that ListOffsets can find, besides that of a time in ms (Kafka's `OffsetSpec`). */
export const OffsetSpec = {
  /** The next offset to be written. */
  latest: -1,
  /** The first offset that still exists. */
  earliest: -2,
  /** The record with the highest timestamp. */
  maxTimestamp: -3,
} as const;

/** The offset found in one partition. */
export interface FoundOffset extends TopicPartition {
  /** -1 if no record matches. */
  readonly offset: number;
  /** The timestamp of the record, in ms since 1970; -1 for `latest` and `earliest`. */
  readonly timestamp: number;
  /** Kafka's error code, 0 if there is none. */
  readonly errorCode: number;
}

/**
 * Requests one offset of each partition from their leader (ListOffsets, version 7: Kafka 3.0).
 *
 * @param spec A value of {@linkcode OffsetSpec}, or a time in ms: the first record at or after it.
 * @param committedOnly Makes `latest` the last stable offset instead of the high watermark.
 */
export function listOffsetsRequest(
  partitions: readonly TopicPartition[],
  spec: number,
  committedOnly = false,
): ProtocolRequest<FoundOffset[]> {
  return {
    apiKey: 2,
    apiName: "ListOffsets",
    apiVersion: 7,
    encode(writer) {
      writer.int32(-1); // replica_id: a consumer
      writer.int8(committedOnly ? 1 : 0);
      const topics = Map.groupBy(partitions, ({ topic }) => topic);
      writer.array([...topics], ([topic, partitions]) => {
        writer.string(topic);
        writer.array(partitions, ({ partition }) => {
          writer.int32(partition);
          writer.int32(-1); // current_leader_epoch: unknown
          writer.int64(BigInt(spec));
          writer.end();
        });
        writer.end();
      });
      writer.end();
    },
    decode(reader) {
      reader.int32(); // throttle_time_ms
      return reader.array(() => {
        const topic = reader.string();
        const found = reader.array(() => {
          const partition = reader.int32();
          const errorCode = reader.int16();
          const timestamp = reader.long();
          const offset = reader.long();
          reader.int32(); // leader_epoch
          reader.end();
          return { topic, partition, errorCode, timestamp, offset };
        });
        reader.end();
        return found;
      }).flat();
    },
  };
}

/** The offset that a group has committed for one partition. */
export interface CommittedOffset extends TopicPartition {
  /** The offset of the next record to read. */
  readonly offset: number;
  /** The text that the group committed with it. */
  readonly metadata: string | null;
}

/** The committed offsets of one group. */
export interface GroupOffsets {
  /** The name of the group. */
  readonly groupId: string;
  /** Offsets by partition; partitions without one are left out. */
  readonly offsets: readonly CommittedOffset[];
}

/**
 * Requests the committed offsets of groups from their coordinator (OffsetFetch, 8: Kafka 3.0).
 *
 * @param partitions Default: all partitions of all topics.
 */
export function offsetFetchRequest(
  groupIds: readonly string[],
  partitions?: readonly TopicPartition[],
): ProtocolRequest<GroupOffsets[]> {
  const topics = partitions && [...Map.groupBy(partitions, ({ topic }) => topic)];
  return {
    apiKey: 9,
    apiName: "OffsetFetch",
    apiVersion: 8,
    encode(writer) {
      writer.array(groupIds, (groupId) => {
        writer.string(groupId);
        writer.array(topics, ([topic, partitions]) => {
          writer.string(topic);
          writer.array(partitions, ({ partition }) => writer.int32(partition));
          writer.end();
        });
        writer.end();
      });
      writer.boolean(false); // require_stable
      writer.end();
    },
    decode(reader) {
      reader.int32(); // throttle_time_ms
      return reader.array(() => {
        const groupId = reader.string();
        const offsets = reader.array(() => {
          const topic = reader.string();
          const committed = reader.array(() => {
            const partition = reader.int32();
            const offset = reader.long();
            reader.int32(); // committed_leader_epoch
            const metadata = reader.nullableString();
            reader.int16(); // error_code: of the group, which has its own
            reader.end();
            return { topic, partition, offset, metadata };
          });
          reader.end();
          return committed;
        }).flat().filter(({ offset }) => offset >= 0);
        reader.int16(); // error_code: a group that fails has no offsets
        reader.end();
        return { groupId, offsets };
      });
    },
  };
}
