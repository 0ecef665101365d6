import { assertEquals, assertRejects } from "@std/assert";
import { claimPartitions } from "../../../../lib/store/consumer/claims.ts";
import { DatabaseRetry } from "../../../../lib/store/consumer/database_retry.ts";
import type { ClaimRequest, Sink } from "../../../../lib/store/sink.ts";

const protocolError = (type: string) => Object.assign(new Error(type), { type });

/** Claims partition 0 of a Kafka that first answers with `errors`. */
function claim(errors: Error[]) {
  const left = [...errors];
  const admin = {
    fetchTopicOffsets() {
      const error = left.shift();
      if (error !== undefined) return Promise.reject(error);
      return Promise.resolve([{ partition: 0, offset: "9", low: "3", high: "9" }]);
    },
  };
  const sink = {
    claim: ({ topicId, partition, first }: ClaimRequest) =>
      Promise.resolve({ topicId, partition, epoch: 1n, next: first }),
  } as unknown as Sink;
  return claimPartitions(
    [{ topic: "topic", partition: 0 }],
    {
      admin,
      sink,
      topicNumbers: new Map([["topic", 1]]),
      group: "group",
      database: new DatabaseRetry({ away() {} }),
      signal: new AbortController().signal,
    } as Parameters<typeof claimPartitions>[1],
  );
}

Deno.test("claimPartitions() waits while a partition has no leader", async () => {
  const { claims } = await claim([
    protocolError("LEADER_NOT_AVAILABLE"),
    protocolError("NOT_LEADER_FOR_PARTITION"),
    protocolError("UNKNOWN_TOPIC_OR_PARTITION"),
    new Error("Connection closed"),
  ]);
  assertEquals([...claims].map(([, claim]) => claim), [
    { topicId: 1, partition: 0, epoch: 1n, next: 3n },
  ]);
});

Deno.test("claimPartitions() throws permanent failures", async () => {
  await assertRejects(
    () => claim([protocolError("TOPIC_AUTHORIZATION_FAILED")]),
    Error,
    "TOPIC_AUTHORIZATION_FAILED",
  );
});
