import { assertEquals } from "@std/assert";
import { createdTopicText } from "../../../../../lib/cli/programs/inspect/make_topic.ts";

Deno.test("topicText() aligns the settings and explains the retention", () => {
  const state = { partitions: 3, replicationFactor: 1 };
  const text = (retention: string, ...remarks: string[]) => {
    const configs = new Map([["cleanup.policy", "delete"], ["retention.ms", retention]]);
    return createdTopicText("Headline", state, configs, remarks).split("\n");
  };
  assertEquals(text("3600000", "differs: partitions 3, requested 6"), [
    "Headline",
    "  partitions          3",
    "  replication factor  1",
    "  cleanup.policy      delete",
    "  retention.ms        3600000 (1h)",
    "differs: partitions 3, requested 6",
    "",
  ]);
  assertEquals(text("-1")[4], "  retention.ms        -1 (kept forever)");
  assertEquals(text("soon")[4], "  retention.ms        soon");
});
