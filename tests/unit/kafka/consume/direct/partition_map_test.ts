import { assertEquals } from "@std/assert";
import { assignedText } from "../../../../../lib/kafka/consume/assigned.ts";
import { byTopic, PartitionMap } from "../../../../../lib/kafka/consume/direct/partition_map.ts";

const at = (topic: string, partition: number) => ({ topic, partition });

Deno.test("PartitionMap keeps partitions of several topics apart", () => {
  const map = new PartitionMap([[at("a", 1), "x"], [at("a-1", 1), "y"], [at("a", 11), "z"]]);
  map.set({ ...at("a", 1), offset: 5 } as never, "w");
  assertEquals([...map], [[at("a", 1), "w"], [at("a-1", 1), "y"], [at("a", 11), "z"]]);
  assertEquals([map.size, map.get(at("a", 11)), map.get(at("b", 1))], [3, "z", undefined]);
  map.delete(at("a", 11));
  assertEquals([map.has(at("a", 11)), map.has(at("a", 1))], [false, true]);
  map.clear();
  assertEquals(map.size, 0);
});

Deno.test("byTopic() groups partitions in the form of kafkajs", () => {
  assertEquals(byTopic([at("a", 1), at("b", 0), at("a", 0)]), [
    { topic: "a", partitions: [1, 0] },
    { topic: "b", partitions: [0] },
  ]);
});

Deno.test("assignedText() names partitions and topics, or counts them", () => {
  assertEquals(
    assignedText("Reading", [at("a", 10), at("a", 2)]),
    "Reading partitions 2, 10 of 'a'",
  );
  assertEquals(
    assignedText("Reading", [at("a", 1), at("b", 0), at("a", 0)]),
    "Reading partitions 0, 1 of 'a', partition 0 of 'b'",
  );
  const many = Array.from({ length: 6 }, (_, i) => at(`t${i}`, 0));
  assertEquals(assignedText("Reading", many), "Reading 6 partitions of 6 topics");
  assertEquals(
    assignedText("Reading", []),
    "No partition is left for this one: it stands by, to take over from another",
  );
});
