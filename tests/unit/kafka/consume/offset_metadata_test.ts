import { assertEquals } from "@std/assert";
import { offsetMetadata, topicIdIn } from "../../../../lib/kafka/consume/offset_metadata.ts";

Deno.test("topicIdIn() reads what offsetMetadata() wrote, and nothing else", () => {
  assertEquals(topicIdIn(offsetMetadata("aVIm-2hBQqy3Pw0bYt1e9A")), "aVIm-2hBQqy3Pw0bYt1e9A");
  const others = [
    null,
    "",
    '"topicId"',
    '{"topicId":"x"}',
    '{"wikitap":"offset","topicId":1}',
    '{"wikitap":"position","topicId":"x"}',
  ];
  for (const other of others) assertEquals(topicIdIn(other), undefined, String(other));
});
