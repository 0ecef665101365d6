import { assertEquals, assertThrows } from "@std/assert";
import { parseMetadata } from "../../../../lib/local/kafka/metadata_probe.ts";

/** Correlation id, throttle time; brokers 1 (no rack) and 2 (rack "r"); cluster "abc". */
const RESPONSE = Uint8Array.of(
  ...[0, 0, 0, 1, 0, 0, 0, 0],
  ...[0, 0, 0, 2],
  ...[0, 0, 0, 1, 0, 1, 104, 0, 0, 35, 132, 255, 255],
  ...[0, 0, 0, 2, 0, 1, 104, 0, 0, 35, 133, 0, 1, 114],
  ...[0, 3, 97, 98, 99, 0, 0, 0, 1, 0, 0, 0, 0],
);

Deno.test("parseMetadata() reads the cluster's id and its brokers", () => {
  assertEquals(parseMetadata(RESPONSE), { clusterId: "abc", brokerIds: [1, 2] });
});

Deno.test("parseMetadata() throws RangeError for a response that is cut anywhere", () => {
  for (let length = 0; length < RESPONSE.length - 8; length++) {
    assertThrows(() => parseMetadata(RESPONSE.slice(0, length)), RangeError);
  }
});
