import { assertEquals } from "@std/assert";
import { HappeningFinder } from "../../../../lib/page/cluster/happenings.ts";
import type { Group, Partition, State } from "../../../../lib/page/cluster/wire.ts";

function state(changes: Partial<State> = {}): State {
  return {
    now: 0,
    awaySince: null,
    topic: "edits",
    topicId: "A",
    brokers: [1, 2].map((id) => ({ id, address: `b${id}:9092`, controller: id === 1 })),
    partitions: [partition(0), partition(1)],
    groups: [],
    producers: [],
    hidden: { partitions: 0, groups: 0 },
    withheld: [],
    ...changes,
  };
}

function partition(number: number, changes: Partial<Partition> = {}): Partition {
  return {
    partition: number,
    leader: 1,
    replicas: [1, 2],
    inSync: [1, 2],
    first: 0,
    next: 10,
    rate: 0,
    ...changes,
  };
}

function group(members: Record<string, number[]>, state = "Stable"): Group {
  return {
    groupId: "readers",
    name: "readers",
    state,
    members: Object.entries(members).map(([name, partitions]) => ({
      memberId: name,
      name,
      host: "/127.0.0.1",
      partitions,
    })),
    committed: [],
  };
}

/** Returns the changes of each of `states` since the previous one. */
function changes(...states: Partial<State>[]): string[][] {
  const finder = new HappeningFinder();
  const all = states.map(state);
  return all.slice(1).map((after, i) =>
    finder.between(all[i]!, after).reverse().map(({ text }) => text)
  );
}

Deno.test("HappeningFinder reports nothing if nothing changed", () => {
  assertEquals(changes({}, { now: 1000 }), [[]]);
});

Deno.test("HappeningFinder reports brokers that fail and return", () => {
  const gone = [{ id: 1, address: "b1:9092", controller: true }, {
    id: 2,
    address: null,
    controller: false,
  }];
  const without = gone.slice(0, 1);
  assertEquals(changes({}, { brokers: gone }, {}, { brokers: without }, { brokers: gone }), [
    ["broker 2 is gone"],
    ["broker 2 is back"],
    ["broker 2 is gone"],
    [],
  ]);
});

Deno.test("HappeningFinder reports changes of leaders and replicas", () => {
  const failed = [partition(0, { leader: 2, inSync: [2] }), partition(1, { leader: null })];
  assertEquals(changes({}, { partitions: failed }, {}), [
    [
      "partition 0: leader 1 → 2",
      "partition 1: no leader",
      "broker 1 is out of sync in partition 0",
    ],
    [
      "partition 0: leader 2 → 1",
      "partition 1: leader none → 1",
      "broker 1 is in sync in partition 0",
    ],
  ]);
});

Deno.test("HappeningFinder reports a broker once for all its replicas", () => {
  const all = (count: number, inSync: number[]) => ({
    partitions: Array.from({ length: count }, (_, i) => partition(i, { inSync })),
  });
  assertEquals(changes(all(3, [1, 2]), all(3, [1]), all(3, [1, 2])), [
    ["broker 2 is out of sync in partitions 0, 1, 2"],
    ["broker 2 is in sync in partitions 0, 1, 2"],
  ]);
  assertEquals(changes(all(13, [1, 2]), all(13, [1])), [
    ["broker 2 is out of sync in 13 partitions"],
  ]);
});

Deno.test("HappeningFinder reports topics that are created, deleted or grown", () => {
  assertEquals(
    changes(
      { topicId: null, partitions: [] },
      {},
      { topicId: "B" },
      { topicId: "B", partitions: [0, 1, 2].map((one) => partition(one)) },
      { topicId: null, partitions: [] },
    ),
    [
      ["topic edits was created"],
      ["topic edits was deleted and created again"],
      ["partition 2 is new"],
      ["topic edits was deleted"],
    ],
  );
});

Deno.test("HappeningFinder reports offsets that retention deleted", () => {
  const kept = [partition(0, { first: 1200 }), partition(1)];
  assertEquals(changes({}, { partitions: kept }), [
    ["partition 0: 1,200 offsets deleted, first offset 1,200"],
  ]);
});

Deno.test("HappeningFinder reports members, and the time of a rebalance", () => {
  assertEquals(
    changes(
      { groups: [group({ a: [0, 1] })] },
      { now: 1000, groups: [group({ a: [], b: [] }, "PreparingRebalance")] },
      { now: 2200, groups: [group({ a: [0], b: [1] })] },
      { now: 3000, groups: [group({ b: [0, 1] })] },
      { now: 4000 },
    ),
    [
      ["consumer b joined group readers", "group readers rebalances"],
      ["group readers rebalanced in about 1.2s: 0 → a, 1 → b"],
      ["consumer a left group readers", "group readers rebalanced: 0 → b"],
      ["group readers is gone"],
    ],
  );
});

Deno.test("HappeningFinder reports that Kafka is unreachable and back", () => {
  assertEquals(changes({}, { awaySince: 500, now: 500 }, { now: 8500 }), [
    ["Kafka does not answer"],
    ["Kafka answers again after 8s"],
  ]);
});

Deno.test("HappeningFinder bounds the number of changes", () => {
  const many = Array.from({ length: 100 }, (_, one) => partition(one));
  const moved = many.map((one) => ({ ...one, leader: 2 }));
  const [texts] = changes({ partitions: many }, { partitions: moved });
  assertEquals([texts?.length, texts?.at(-1)], [9, "92 more changes of partitions"]);
});
