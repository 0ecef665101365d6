import { assertEquals, assertRejects } from "@std/assert";
import { claimPartitions } from "../../../../lib/store/consumer/claims.ts";
import { DatabaseRetry } from "../../../../lib/store/consumer/database_retry.ts";
import { UserError } from "../../../../lib/shared/error.ts";
import { type ClaimRequest, type Sink, SQL_ADVICE } from "../../../../lib/store/sink.ts";

const protocolError = (type: string) => Object.assign(new Error(type), { type });

/** Claims partition 0 of a Kafka that first answers with errors, or other first offsets. */
function claim(answers: (Error | string)[], stored?: bigint) {
  const left = [...answers];
  const admin = {
    fetchTopicOffsets() {
      const low = left.shift() ?? "3";
      if (low instanceof Error) return Promise.reject(low);
      return Promise.resolve([{ partition: 0, offset: "9", low, high: "9" }]);
    },
  };
  const sink = {
    advice: SQL_ADVICE,
    claim: ({ topicId, partition, first }: ClaimRequest) =>
      Promise.resolve({ topicId, partition, epoch: 1n, next: stored ?? first }),
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

Deno.test("claimPartitions() throws if Kafka has deleted what is not stored", async () => {
  await assertRejects(() => claim(["3"], 2n), UserError, "offsets 2 to 2");
});

Deno.test("claimPartitions() allows what is deleted after the claim", async () => {
  // Another member may have claimed the partition since, and stored what is deleted.
  const { claims } = await claim(["2", "3"], 2n);
  assertEquals([...claims].map(([, { next }]) => next), [2n]);
});
