import { assertStringIncludes, assertThrows } from "@std/assert";
import { UserError } from "../../../lib/error.ts";
import { checkOffset } from "../../../lib/store/bounds.ts";

const claim = (next: bigint) => ({ topicId: 4, partition: 2, next });
const bounds = { low: 10n, high: 20n };

Deno.test("checkOffset() takes every offset from the first to the end", () => {
  for (const next of [10n, 15n, 20n]) checkOffset(claim(next), bounds, "topic");
});

Deno.test("checkOffset() refuses an offset beyond the end", () => {
  const error = assertThrows(() => checkOffset(claim(21n), bounds, "topic"), UserError);
  assertStringIncludes(error.message, "goes on at offset 21 in partition 2 of the topic 'topic'");
  assertStringIncludes(error.hint ?? "", "WHERE topic_id = 4");
});

Deno.test("checkOffset() refuses an offset before the first: records were lost", () => {
  const error = assertThrows(() => checkOffset(claim(7n), bounds, "topic"), UserError);
  assertStringIncludes(error.message, "offsets 7 to 9");
  assertStringIncludes(error.hint ?? "", "SET next_offset = 10 WHERE topic_id = 4");
});
