import { assertEquals } from "@std/assert";
import { byTopic, PartitionMap } from "../../../lib/kafka/topic_partition.ts";

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
