import { isPosition } from "../consume/position_group.ts";
import { programOfGroup } from "../consume/temporary_group.ts";
import {
  describeConsumerGroupsRequest,
  describeGroupsRequest,
  listGroupsRequest,
} from "../requests/groups.ts";
import type {
  BrokerAddress,
  DescribedGroup,
  GroupMember,
  ListedGroup,
} from "../requests/answers.ts";
import { partitionKey, type TopicPartition } from "../topic_partition.ts";
import { type CommittedOffset, offsetFetchRequest, OffsetSpec } from "../requests/offsets.ts";
import type { Inspector } from "./inspector.ts";
import type { GroupPartitionView, GroupView } from "./view.ts";

/** The key of ListGroups. */
const LIST_GROUPS = 16;
/** The requests for members, by the type of the group. */
const DESCRIBE: Readonly<Record<string, typeof describeGroupsRequest>> = {
  classic: describeGroupsRequest,
  consumer: describeConsumerGroupsRequest,
};

/** The topic that all requests are about, and the facts that are known already. */
export interface Focus {
  /** The live brokers. */
  readonly brokers: readonly BrokerAddress[];
  /** The partitions of the topic. */
  readonly partitions: readonly TopicPartition[];
  /** The next offsets by `partitionKey()`. */
  readonly ends: ReadonlyMap<string, { readonly offset: number }>;
}

/** The maximum number of groups per coordinator in one view. */
const MAX_GROUPS = 2000;

/**
 * Returns the consumer groups that the user may describe, with members, offsets and lag.
 *
 * @param names Default: all. Groups that do not exist are left out.
 * @param focus Limits the offsets to one topic, and the members to groups with such offsets.
 * @throws {UserError} if the user may not describe one of `names`.
 */
export async function viewGroups(
  inspector: Inspector,
  names?: readonly string[],
  focus?: Focus,
): Promise<GroupView[]> {
  const { brokers } = focus ?? await inspector.metadata([]);
  const version = Math.min(5, inspector.maxVersion(LIST_GROUPS)) as 4 | 5;
  const listed = await inspector.each(brokers, () => listGroupsRequest(version));
  const views = await Promise.all(listed.map(({ broker, answer }) => {
    const groups = answer.filter(({ groupId, protocolType }) =>
      (names === undefined || names.includes(groupId)) && ["", "consumer"].includes(protocolType)
    ).slice(0, MAX_GROUPS);
    return viewOnCoordinator(inspector, broker, groups, focus);
  }));
  const found = views.flat().sort((a, b) => a.groupId < b.groupId ? -1 : 1);
  const missing = names?.filter((name) => !found.some(({ groupId }) => groupId === name)) ?? [];
  if (missing.length > 0) await checkAllowed(inspector, brokers, missing);
  return found;
}

/** Throws for groups that are not listed because the user may not describe them. */
async function checkAllowed(
  inspector: Inspector,
  brokers: readonly BrokerAddress[],
  names: readonly string[],
): Promise<void> {
  // Every broker checks permissions before it looks whether it coordinates a group.
  const answers = await inspector.each(brokers.slice(0, 1), () => describeGroupsRequest(names));
  for (const { groupId, errorCode } of answers.flatMap(({ answer }) => answer)) {
    inspector.checkAllowed(errorCode, { group: groupId });
  }
}

/**
 * Returns the groups of one coordinator, with at most three requests besides those for the ends.
 */
async function viewOnCoordinator(
  inspector: Inspector,
  broker: BrokerAddress,
  groups: readonly ListedGroup[],
  focus: Focus | undefined,
): Promise<GroupView[]> {
  if (groups.length === 0) return [];
  const active = focus === undefined ? groups : groups.filter(({ state }) => state !== "Empty");
  const byType = Map.groupBy(active, ({ type }) => type);
  const descriptions = await Promise.all([...byType].map(async ([type, groups]) => {
    const request = DESCRIBE[type];
    if (request === undefined) return [];
    const ids = groups.map(({ groupId }) => groupId);
    const answers = await inspector.each([broker], () => request(ids));
    return answers.flatMap(({ answer }) => answer);
  }));
  const described = new Map(descriptions.flat().map((one) => [one.groupId, one]));
  const ids = groups.map(({ groupId }) => groupId);
  const [fetched] = await inspector.each(
    [broker],
    () => offsetFetchRequest(ids, focus?.partitions),
  );
  const committed = new Map(fetched?.answer.map(({ groupId, offsets }) => [groupId, offsets]));
  const ends = focus?.ends ??
    await endsOf(inspector, [...committed.values()], [...described.values()]);
  return groups.map((group) => {
    const offsets = committed.get(group.groupId) ?? [];
    const position = offsets.some(({ metadata }) => isPosition(metadata));
    const { assignor = "", members = [] } = described.get(group.groupId) ?? {};
    const partitions = partitionViews(members, offsets, ends, position);
    const lags = partitions.flatMap(({ lag }) => lag === null ? [] : [lag]);
    return {
      groupId: group.groupId,
      state: group.state,
      type: group.type,
      assignor,
      coordinator: broker.id,
      position,
      temporaryOf: programOfGroup(group.groupId),
      members: members.map((member) => ({ ...member, partitions: member.partitions.length })),
      partitions,
      lag: lags.length === 0 ? null : lags.reduce((sum, lag) => sum + lag, 0),
    };
  });
}

async function endsOf(
  inspector: Inspector,
  committed: readonly (readonly TopicPartition[])[],
  described: readonly DescribedGroup[],
): Promise<Focus["ends"]> {
  const assigned = described.flatMap(({ members }) => members.map(({ partitions }) => partitions));
  const topics = new Set([...committed, ...assigned].flat().map(({ topic }) => topic));
  if (topics.size === 0) return new Map();
  return await inspector.offsets(await inspector.metadata([...topics]), OffsetSpec.latest);
}

/** Returns the partitions with a committed offset or a reader, by topic and partition. */
function partitionViews(
  members: readonly GroupMember[],
  offsets: readonly CommittedOffset[],
  ends: Focus["ends"],
  position: boolean,
): GroupPartitionView[] {
  const committed = new Map(offsets.map((one) => [partitionKey(one), one]));
  const assigned = new Map(
    members.flatMap(({ memberId, partitions }) =>
      partitions.map((one) => [partitionKey(one), { ...one, memberId }] as const)
    ),
  );
  const all = new Map<string, TopicPartition>([...committed, ...assigned]);
  const views = [...all].map(([key, { topic, partition }]) => {
    const committedOffset = committed.get(key)?.offset ?? null;
    const nextOffset = ends.get(key)?.offset ?? null;
    const isLag = !position && committedOffset !== null && nextOffset !== null;
    return {
      topic,
      partition,
      committedOffset,
      nextOffset,
      lag: isLag ? Math.max(0, nextOffset - committedOffset) : null,
      memberId: assigned.get(key)?.memberId ?? null,
    };
  });
  return views.sort((a, b) =>
    a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1
  );
}
