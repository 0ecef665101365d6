import { assert, assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../../../lib/shared/error.ts";
import { isPosition } from "../../../../../lib/kafka/consume/position_group.ts";
import {
  decodeSaved,
  encodeSaved,
} from "../../../../../lib/kafka/publish/position/saved_position.ts";

const saved = { handled: 12, position: { places: {} }, owner: "me", generation: 3 };

Deno.test("decodeSaved() reads what encodeSaved() wrote", () => {
  const text = encodeSaved(saved);
  assertEquals(decodeSaved("g", "12", text), saved);
  assert(isPosition(text), "readers recognize it, and refuse such a group");
});

Deno.test("decodeSaved() returns undefined for a group without an offset", () => {
  assertEquals(decodeSaved("g", "-1", null), undefined);
});

Deno.test("decodeSaved() throws UserError for an offset without a position", () => {
  for (const metadata of [null, "", "junk", "{}", '{"v":2,"wikitap":"position"}']) {
    const error = assertThrows(() => decodeSaved("g", "7", metadata), UserError);
    assert(error.hint!.includes("--reset-position"));
  }
});

Deno.test("encodeSaved() throws UserError above Kafka's metadata limit", () => {
  const position = { places: "x".repeat(5000) };
  assertThrows(() => encodeSaved({ ...saved, position }), UserError, "expected at most 4096");
});
