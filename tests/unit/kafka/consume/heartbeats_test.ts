import { assertEquals } from "@std/assert";
import errors from "kafkajs/src/errors.js";
import { Heartbeats } from "../../../../lib/kafka/consume/heartbeats.ts";

const rejection = new errors.KafkaJSProtocolError({
  type: "UNKNOWN_MEMBER_ID",
  code: 25,
  message: "The coordinator is not aware of this member",
});
const lost = new errors.KafkaJSConnectionError("Connection error");

for (
  const [name, error, refusal] of [
    ["keeps Kafka's rejection", rejection, rejection],
    ["survives a lost connection", lost, undefined],
  ] as const
) {
  Deno.test(`Heartbeats.send() ${name}`, async () => {
    using heartbeats = new Heartbeats(() => Promise.reject(error), new AbortController().signal);
    assertEquals(await heartbeats.send(), false);
    assertEquals(heartbeats.refusal, refusal);
    assertEquals(heartbeats.signal.aborted, refusal !== undefined);
  });
}

Deno.test("Heartbeats.send() returns true if Kafka has answered", async () => {
  using heartbeats = new Heartbeats(() => Promise.resolve(), new AbortController().signal);
  assertEquals(await heartbeats.send(), true);
});
