import { assertEquals, assertThrows } from "@std/assert";
import { parseOptions } from "../../../../lib/cli/option.ts";
import { PRODUCER_GROUPS, producerPlan } from "../../../../lib/cli/options/producer_plan.ts";
import { UsageError } from "../../../../lib/shared/error.ts";

function plan(args: string) {
  const words = args.split(" ").filter((word) => word !== "");
  return producerPlan(parseOptions(PRODUCER_GROUPS, words, () => undefined));
}

Deno.test("producerPlan() has the defaults of the contract", () => {
  const { topics, position, linger, idleTimeout } = plan("");
  assertEquals({ topics, position, linger, idleTimeout }, {
    topics: ["wikipedia-events"],
    position: { group: "wikitap.wikipedia-events", topic: "wikipedia-events" },
    linger: 0,
    idleTimeout: 60_000,
  });
});

Deno.test("producerPlan() puts the position of a template into its own topic", () => {
  assertEquals(plan("--topic w-{wiki}-{type}").position, {
    group: "wikitap.w-wiki-type",
    topic: "w-position-position",
  });
  assertEquals(plan("--topic w-{wiki} --name n --position-topic p").position, {
    group: "n",
    topic: "p",
  });
});

Deno.test("producerPlan() determines the topics from the filter", () => {
  assertEquals(plan("--topic w-{wiki} --wiki enwiki,dewiki").topics, ["w-enwiki", "w-dewiki"]);
  assertEquals(plan("--topic w-{wiki}").topics, undefined);
});

Deno.test("producerPlan() waits 200 ms for batches of a topic per wiki or domain", () => {
  assertEquals(plan("--topic w-{wiki}").linger, 200);
  assertEquals(plan("--topic w-{domain}").linger, 200);
  assertEquals(plan("--topic w-{type}").linger, 0);
  assertEquals(plan("--topic w-{wiki} --linger 0").linger, 0);
});

Deno.test("producerPlan() allows 10 minutes of silence in other streams", () => {
  const idleTimeout = (stream: string) =>
    plan(`--payload event --stream-url http://localhost:1/v2/stream/${stream}`).idleTimeout;
  assertEquals(idleTimeout("page-create"), 600_000);
  assertEquals(idleTimeout("page-create,recentchange"), 60_000);
  assertEquals(plan("--idle-timeout 5s").idleTimeout, 5000);
});

const STREAM = "http://localhost:1/v2/stream/recentchange";

const contradictions: [args: string, message: string][] = [
  ["--dry-run --show-position", "Cannot combine --dry-run and --show-position"],
  ["--reset-position --show-position", "Cannot combine --show-position and --reset-position"],
  [
    "--since 2026-01-02 --until 2026-01-01",
    "Cannot read backward: --since is later than --until",
  ],
  [`--stream-url ${STREAM}?since=1`, "Cannot use --stream-url with a 'since' parameter"],
  [
    "--topic w-{wiki} --wiki __x,a --dead-letter-topic w-a",
    "Cannot use one topic for both --dead-letter-topic and --topic",
  ],
  ["--format avro", "Cannot use --format avro without --schema-registry"],
  [
    "--topic {wiki} --wiki __x",
    "Cannot use the topic '{wiki}': it stands for '__x', expected a legal topic name",
  ],
];

for (const [args, message] of contradictions) {
  Deno.test(`producerPlan() rejects '${args}'`, () => {
    const { message: text } = assertThrows(() => plan(args), UsageError);
    assertEquals(text, message);
  });
}
