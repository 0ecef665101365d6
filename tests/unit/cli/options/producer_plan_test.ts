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

/** Words of the message by wrong flags. */
const wrong: readonly (readonly [args: string, words: string])[] = [
  ["--events-to-produce 0", "expected a whole number from 1"],
  ["--events_to_produce x", "Cannot use the value 'x' for --events-to-produce"],
  ["--topic a/b", "expected a topic"],
  ["--topic a --topic b", "Cannot use --topic 2 times"],
  ["--topic {wiki}{type}", "between two placeholders"],
  ["--bootstrap-server nowhere", "expected HOST:PORT"],
  ["--stream-url ftp://x/", "expected an http"],
  ["--since 2099-01-01", "expected a time in the past"],
  ["--since 1h --until 2h", "--since is later than --until"],
  ["--linger 5", "expected a duration"],
  ["--idle-timeout 25d", "at most 24d"],
  ["--fields title --payload event", "Cannot combine"],
  ["--types nonsense", "Cannot select the change type 'nonsense'"],
  ["--wiki en.wikipedia.org", "expected a name such as enwiki"],
  ["--namespace Tlak", "expected a number or a name"],
  ["--users aliens", "expected one of all, human, bot"],
  ["--dead-letter-topic wikipedia-events", "Cannot use one topic for both"],
  [
    "--topic wikipedia-{type} --dead-letter-topic wikipedia-edit",
    "Cannot use one topic for both",
  ],
  ["--contact a(b)", "without parentheses"],
];

Deno.test("producerPlan() names what is wrong with each option", () => {
  for (const [args, words] of wrong) assertThrows(() => plan(args), UsageError, words);
});
