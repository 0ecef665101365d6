import { assertEquals } from "@std/assert";
import { kafkaVersion } from "../../../../lib/local/kafka/distribution.ts";

Deno.test("kafkaVersion() parses the name of the broker's own jar", () => {
  assertEquals(kafkaVersion("kafka_2.13-4.2.2.jar"), "4.2.2");
  assertEquals(kafkaVersion("kafka_2.12-3.9.0.jar"), "3.9.0");
  assertEquals(kafkaVersion("kafka_2.13-4.2.0-rc1.jar"), "4.2.0-rc1");
});

Deno.test("kafkaVersion() returns undefined for other files", () => {
  assertEquals(kafkaVersion("kafka-clients-4.2.2.jar"), undefined);
  assertEquals(kafkaVersion("kafka_2.13-4.2.2.jar.lastUpdated"), undefined);
});
