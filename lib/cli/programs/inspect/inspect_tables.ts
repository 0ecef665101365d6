import { bytesText } from "../../../terminal/bytes_text.ts";
import { formatDuration } from "../../../shared/duration.ts";
import type { ClusterView } from "../../../kafka/inspect/topics.ts";
import type { GroupView, TopicView } from "../../../kafka/inspect/view.ts";
import { tableText } from "../../../terminal/table.ts";

/** Colors a line of a table that needs attention. Without colors, it returns the line unchanged. */
export type Alarm = (line: string) => string;

/** Remembers when the committed offsets of a watched group last moved. */
export class LastMoved {
  readonly #seen = new Map<string, { readonly offset: number | null; readonly since?: number }>();

  /** Compares a group with its previous state; `now` is in ms. */
  note({ partitions }: GroupView, now: number): void {
    for (const { topic, partition, committedOffset } of partitions) {
      const key = `${topic}/${partition}`;
      const before = this.#seen.get(key);
      if (before === undefined) this.#seen.set(key, { offset: committedOffset });
      else if (before.offset !== committedOffset) {
        this.#seen.set(key, { offset: committedOffset, since: now });
      }
    }
  }

  /** Returns the time in ms of the last move that was seen; `undefined` if there was none. */
  of(topic: string, partition: number): number | undefined {
    return this.#seen.get(`${topic}/${partition}`)?.since;
  }
}

/** Renders brokers and topics, in the words of `kafka-topics` and `kcat -L`. */
export function clusterText({ clusterId, brokers, topics }: ClusterView, alarm: Alarm): string {
  const brokerTable = table(
    brokers.map((broker) => ({
      broker: String(broker.id),
      address: broker.address ?? "-",
      state: broker.up ? "up" : "down",
      controller: broker.controller === null ? "?" : broker.controller ? "yes" : "",
      rack: broker.rack ?? "-",
      leaders: broker.leaders,
      replicas: broker.replicas,
      size: bytesText(broker.bytes),
    })),
    (i) => !brokers[i]!.up,
    alarm,
  );
  return `${title(`Brokers of the cluster ${clusterId ?? ""}`.trim())}${brokerTable}\n` +
    `${title("Topics")}${topicsTable(topics, alarm)}`;
}

/** Renders topics, a line each. */
export function topicsTable(topics: readonly TopicView[], alarm: Alarm): string {
  return table(
    topics.map(({ topic, partitions, replicationFactor, records, bytes, configs }) => ({
      topic,
      partitions: partitions.length,
      replication: replicationFactor,
      records,
      size: bytesText(bytes),
      "under-replicated": partitions.filter(({ underReplicated }) => underReplicated).length,
      retention: retentionText(configs?.["retention.ms"]),
      "cleanup.policy": configs?.["cleanup.policy"] ?? "-",
      "compression.type": configs?.["compression.type"] ?? "-",
    })),
    (i) => topics[i]!.partitions.some(({ underReplicated }) => underReplicated),
    alarm,
  );
}

/** Renders the partitions of one topic. */
export function topicText(topic: TopicView, alarm: Alarm, now: number): string {
  const settings = Object.entries(topic.configs ?? {}).map(([name, value]) =>
    `${name}=${value ?? "-"}`
  );
  const partitions = table(
    topic.partitions.map((one) => ({
      partition: one.partition,
      leader: one.leader === null ? "none" : String(one.leader),
      replicas: one.replicas.join(","),
      isr: one.inSync.join(","),
      "first offset": one.firstOffset,
      "next offset": one.nextOffset,
      "last record": one.lastTimestamp === null ? "-" : ageText(now - one.lastTimestamp),
      size: bytesText(one.bytes),
      state: one.underReplicated ? "under-replicated" : "",
    })),
    (i) => topic.partitions[i]!.underReplicated,
    alarm,
  );
  return `${title(`Topic ${topic.topic}`)}topic id ${topic.topicId}, ${settings.join(", ")}\n\n` +
    partitions;
}

/** Renders groups, a line each. */
export function groupsText(groups: readonly GroupView[]): string {
  return table(groups.map((group) => ({
    group: group.groupId,
    state: group.state,
    type: group.type,
    members: group.members.length,
    lag: group.lag,
    coordinator: String(group.coordinator),
    note: group.position
      ? "position of a producer"
      : group.temporaryOf === null
      ? ""
      : `temporary, of ${group.temporaryOf}`,
  })));
}

/** Renders one group: its members, and its partitions as `kafka-consumer-groups` does. */
export function groupText(group: GroupView, moved: LastMoved, now: number): string {
  const members = new Map(group.members.map((member) => [member.memberId, member]));
  const lines = [
    `${title(`Group ${group.groupId}`)}state ${group.state}, type ${group.type}, assignor ${
      group.assignor || "-"
    }, coordinator ${group.coordinator}`,
  ];
  if (group.position) {
    lines.push(
      "This group holds the position of a wikitap producer. CURRENT-OFFSET is the number of events",
      "that it has handled, not an offset of the topic, so there is no lag.",
    );
  }
  if (group.temporaryOf !== null) {
    lines.push(
      `This group belongs to a running '${group.temporaryOf}' of wikitap. It commits nothing, and is`,
      "deleted when the program ends.",
    );
  }
  const partitions = table(group.partitions.map((one) => ({
    TOPIC: one.topic,
    PARTITION: one.partition,
    "CURRENT-OFFSET": one.committedOffset,
    "LOG-END-OFFSET": one.nextOffset,
    LAG: one.lag,
    "LAST-MOVED": movedText(moved.of(one.topic, one.partition), now),
    "CONSUMER-ID": one.memberId ?? "-",
    HOST: members.get(one.memberId ?? "")?.host ?? "-",
    "CLIENT-ID": members.get(one.memberId ?? "")?.clientId ?? "-",
  })));
  const idle = group.members.filter(({ partitions }) => partitions === 0);
  if (idle.length > 0) {
    const names = idle.map(({ clientId, host }) => `${clientId} ${host}`).join(", ");
    lines.push(`members without partitions: ${names}`);
  }
  return `${lines.join("\n")}\n\n${partitions}`;
}

function movedText(since: number | undefined, now: number): string {
  return since === undefined ? "-" : ageText(now - since);
}

function ageText(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000) * 1000;
  return ms < 0 ? `in ${formatDuration(seconds)}` : `${formatDuration(seconds)} ago`;
}

function retentionText(ms: string | null | undefined): string {
  if (ms === null || ms === undefined) return "-";
  return Number(ms) < 0 ? "unlimited" : formatDuration(Number(ms));
}

function title(text: string): string {
  return `${text}\n${"─".repeat(text.length)}\n`;
}

function table(
  rows: Parameters<typeof tableText>[0],
  isAlarming: (row: number) => boolean = () => false,
  alarm: Alarm = (line) => line,
): string {
  if (rows.length === 0) return "(none)\n";
  const lines = tableText(rows).trimEnd().split("\n");
  const colored = lines.map((line, i) => i > 0 && isAlarming(i - 1) ? alarm(line) : line);
  return `${colored.join("\n")}\n`;
}
