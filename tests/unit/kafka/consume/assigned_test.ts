import { assertEquals } from "@std/assert";
import { assignedText } from "../../../../lib/kafka/consume/assigned.ts";

const at = (topic: string, partition: number) => ({ topic, partition });

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
    "No partition is left for this program: it stands by, to take over from another one",
  );
});
