import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  groupsText,
  groupText,
  LastMoved,
  topicText,
} from "../../../../../lib/cli/programs/inspect/inspect_tables.ts";
import type { GroupView, PartitionView, TopicView } from "../../../../../lib/kafka/inspect/view.ts";

function partition(changes: Partial<PartitionView> = {}): PartitionView {
  return {
    partition: 0,
    leader: 1,
    replicas: [1, 2],
    inSync: [1, 2],
    underReplicated: false,
    firstOffset: 0,
    nextOffset: 5,
    lastTimestamp: 1000,
    bytes: 2048,
    ...changes,
  };
}

const TOPIC: TopicView = {
  topic: "edits",
  topicId: "id",
  internal: false,
  replicationFactor: 2,
  records: 5,
  bytes: 2048,
  configs: null,
  partitions: [],
};

Deno.test("topicText() marks partitions that are under-replicated", () => {
  const late = partition({ partition: 1, leader: null, inSync: [2], underReplicated: true });
  const text = topicText(
    { ...TOPIC, partitions: [partition(), late] },
    (line) => `!${line}`,
    61_000,
  );
  const [first, second] = text.trimEnd().split("\n").slice(-2);
  assertEquals(first!.split(/\s{2,}/).filter(Boolean).join("|"), "0|1|1,2|1,2|0|5|1m ago|2.0 kB");
  assertEquals(second!.startsWith("!"), true);
  assertStringIncludes(second!, "none");
  assertStringIncludes(second!, "under-replicated");
});

function group(committedOffset: number, changes: Partial<GroupView> = {}): GroupView {
  const one = { topic: "edits", partition: 0, nextOffset: 9, lag: 1, memberId: null };
  return {
    groupId: "readers",
    state: "Stable",
    type: "classic",
    assignor: "range",
    coordinator: 1,
    position: false,
    temporaryOf: null,
    members: [{ memberId: "m", clientId: "c", host: "/h", partitions: 0 }],
    partitions: [{ ...one, committedOffset }],
    lag: 1,
    ...changes,
  };
}

Deno.test("groupText() shows when an offset last moved", () => {
  const moved = new LastMoved();
  moved.note(group(7), 1000);
  assertStringIncludes(groupText(group(7), moved, 1000), "  -  ");
  moved.note(group(8), 3000);
  moved.note(group(8), 5000);
  assertStringIncludes(groupText(group(8), moved, 8000), "5s ago");
});

Deno.test("groupText() and groupsText() explain temporary groups", () => {
  const temporary = group(7, { temporaryOf: "dashboard" });
  const text = groupText(temporary, new LastMoved(), 0);
  assertStringIncludes(text, "This group belongs to a running 'dashboard' of wikitap.");
  assertStringIncludes(groupsText([temporary]), "temporary, of dashboard\n");
});

Deno.test("groupText() explains positions and members without partitions", () => {
  const text = groupText(group(7, { position: true, lag: null }), new LastMoved(), 0);
  assertStringIncludes(text, "This group holds the position of a wikitap producer.");
  assertStringIncludes(text, "members without partitions: c /h\n");
});
