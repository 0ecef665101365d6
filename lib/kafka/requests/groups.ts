import type { DescribedGroup, GroupMember, ListedGroup } from "./answers.ts";
import { ProtocolReader, type ProtocolRequest, type ProtocolWriter } from "./codec.ts";
import type { TopicPartition } from "../topic_partition.ts";

/** Requests the groups that a broker coordinates (ListGroups). */
export function listGroupsRequest(
  /** 4: Kafka 2.6, without types; 5: Kafka 3.8. */
  apiVersion: 4 | 5,
): ProtocolRequest<ListedGroup[]> {
  return {
    apiKey: 16,
    apiName: "ListGroups",
    apiVersion,
    encode(writer) {
      writer.array([], () => {}); // states_filter
      if (apiVersion >= 5) writer.array([], () => {}); // types_filter
      writer.end();
    },
    decode(reader) {
      reader.int32(); // throttle_time_ms
      reader.int16(); // error_code: a broker that fails lists no group
      return reader.array(() => {
        const groupId = reader.string();
        const protocolType = reader.string();
        const state = reader.string();
        const type = apiVersion >= 5 ? reader.string().toLowerCase() : "classic";
        reader.end();
        return { groupId, protocolType, state, type };
      });
    },
  };
}

/** Requests the members of classic groups from their coordinator (DescribeGroups, 5: Kafka 2.4). */
export function describeGroupsRequest(
  groupIds: readonly string[],
): ProtocolRequest<DescribedGroup[]> {
  return {
    apiKey: 15,
    apiName: "DescribeGroups",
    apiVersion: 5,
    encode: (writer) => writeGroupIds(writer, groupIds),
    decode(reader) {
      reader.int32(); // throttle_time_ms
      return reader.array(() => {
        const errorCode = reader.int16();
        const groupId = reader.string();
        reader.string(); // group_state
        const isConsumer = reader.string() === "consumer";
        const assignor = reader.string();
        const members = reader.array(() => {
          const memberId = reader.string();
          reader.nullableString(); // group_instance_id
          const clientId = reader.string();
          const host = reader.string();
          reader.bytes(); // member_metadata
          const assignment = reader.bytes();
          reader.end();
          const partitions = isConsumer ? assignedPartitions(assignment) : [];
          return { memberId, clientId, host, partitions };
        });
        reader.int32(); // authorized_operations
        reader.end();
        return { groupId, assignor, members, errorCode };
      });
    },
  };
}

/**
 * Requests the members of groups of the newer protocol (KIP-848) from their coordinator
 * (ConsumerGroupDescribe, version 0: Kafka 3.7).
 */
export function describeConsumerGroupsRequest(
  groupIds: readonly string[],
): ProtocolRequest<DescribedGroup[]> {
  return {
    apiKey: 69,
    apiName: "ConsumerGroupDescribe",
    apiVersion: 0,
    encode: (writer) => writeGroupIds(writer, groupIds),
    decode(reader) {
      reader.int32(); // throttle_time_ms
      return reader.array(() => {
        const errorCode = reader.int16();
        reader.nullableString(); // error_message
        const groupId = reader.string();
        reader.string(); // group_state
        reader.int32(); // group_epoch
        reader.int32(); // assignment_epoch
        const assignor = reader.string();
        const members = reader.array(() => readMember(reader));
        reader.int32(); // authorized_operations
        reader.end();
        return { groupId, assignor, members, errorCode };
      });
    },
  };
}

function writeGroupIds(
  writer: ProtocolWriter,
  groupIds: readonly string[],
): void {
  writer.array(groupIds, (groupId) => writer.string(groupId));
  writer.boolean(false); // include_authorized_operations
  writer.end();
}

function readMember(reader: ProtocolReader): GroupMember {
  const memberId = reader.string();
  reader.nullableString(); // instance_id
  reader.nullableString(); // rack_id
  reader.int32(); // member_epoch
  const clientId = reader.string();
  const host = reader.string();
  reader.array(() => reader.string()); // subscribed_topic_names
  reader.nullableString(); // subscribed_topic_regex
  const partitions = readAssignment(reader);
  readAssignment(reader); // target_assignment
  reader.end();
  return { memberId, clientId, host, partitions };
}

function readAssignment(reader: ProtocolReader): TopicPartition[] {
  const assigned = reader.array(() => {
    reader.uuid();
    const topic = reader.string();
    const partitions = reader.array(() => reader.int32());
    reader.end();
    return partitions.map((partition) => ({ topic, partition }));
  }).flat();
  reader.end();
  return assigned;
}

/** Reads the assignment of Kafka's consumer protocol (ConsumerProtocolAssignment). */
function assignedPartitions(bytes: Uint8Array): TopicPartition[] {
  if (bytes.length === 0) return [];
  const reader = new ProtocolReader(bytes);
  reader.int16(); // version
  return reader.plainArray(() => {
    const topic = reader.plainString();
    return reader.plainArray(() => reader.int32()).map((partition) => ({ topic, partition }));
  }).flat();
}
