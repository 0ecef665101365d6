import { assertEquals } from "@std/assert";
import { byTopic } from "../../../../lib/kafka/topic_partition.ts";
import { share } from "../../../../lib/kafka/consume/assignor.ts";

type Numbers = Readonly<Record<string, readonly number[]>>;

/** Returns the assignments of members with these topics and numbers of partitions. */
const shares = (members: Readonly<Record<string, string[]>>, partitions: Numbers) => {
  const subscribers = Object.entries(members).map(([memberId, topics]) => ({ memberId, topics }));
  const all = Object.entries(partitions).flatMap(([topic, numbers]) =>
    numbers.map((partition) => ({ topic, partition }))
  );
  return Object.fromEntries(
    [...share(subscribers, all)].map(([memberId, own]) => [
      memberId,
      Object.fromEntries(byTopic(own).map(({ topic, partitions }) => [topic, partitions])),
    ]),
  );
};

Deno.test("share() assigns partitions in turn to members with the same topics", () => {
  const partitions = { edits: [0, 1, 2], logs: [0, 1] };
  assertEquals(shares({ b: ["edits", "logs"], a: ["edits", "logs"] }, partitions), {
    a: { edits: [0, 2], logs: [1] },
    b: { edits: [1], logs: [0] },
  });
});

Deno.test("share() assigns partitions only to subscribers of their topic", () => {
  const partitions = { edits: [0, 1, 2, 3], logs: [0, 1] };
  assertEquals(shares({ a: ["edits"], b: ["logs"], c: ["edits", "logs"] }, partitions), {
    a: { edits: [0, 2] },
    b: { logs: [0, 1] },
    c: { edits: [1, 3] },
  });
});

Deno.test("share() may leave members without partitions, and vice versa", () => {
  assertEquals(shares({ a: ["edits"], b: ["edits"], c: [] }, { edits: [0], logs: [0] }), {
    a: { edits: [0] },
    b: {},
    c: {},
  });
  assertEquals(shares({}, { edits: [0] }), {});
});
