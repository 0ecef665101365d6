import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../../lib/shared/error.ts";
import type { Admin } from "../../../../lib/kafka/client/kafkajs.ts";
import { isPosition, refusePositionGroup } from "../../../../lib/kafka/consume/position_group.ts";

Deno.test("isPosition() recognizes a producer's position", () => {
  assertEquals(isPosition('{"v":1,"wikitap":"position","owner":"x"}'), true);
  const others = [null, "", "text", '{"wikitap":', '"wikitap"', '{"wikitap":"x"}', '["wikitap"]'];
  for (const metadata of [...others, "null"]) assertEquals(isPosition(metadata), false);
});

Deno.test("refusePositionGroup() throws for a group with any position", async () => {
  const admin = groupsWith('{"v":1,"wikitap":"position"}');
  await assertRejects(
    () => refusePositionGroup(admin, "wikitap.edits"),
    UserError,
    "Cannot use the group 'wikitap.edits': it holds the position of the producer for the topic 'edits'",
  );
  await refusePositionGroup(groupsWith(null), "readers");
});

function groupsWith(metadata: string | null): Admin {
  const partitions = [{ partition: 0, offset: "5", metadata }];
  return { fetchOffsets: () => Promise.resolve([{ topic: "edits", partitions }]) } as never;
}
