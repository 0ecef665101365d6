import { assertEquals, assertThrows } from "@std/assert";
import { fromOf, readingOptions } from "../../../../lib/cli/options/reading.ts";
import { parseOptions } from "../../../../lib/cli/option.ts";
import { UsageError } from "../../../../lib/shared/error.ts";

const read = (...args: string[]) => parseOptions([readingOptions], args, () => undefined);

Deno.test("readingOptions accept lists of topics, partitions and filters", () => {
  const values = read(
    ...["--topic", "a,wikipedia-*", "--partition", "0,2"],
    ...["--filter", "wiki=enwiki,*wiktionary", "--filter", "key=en.wikipedia.org/Paris, Texas"],
    ...["--filter", "wiki=dewiki", "--filter", "users=bot"],
  );
  assertEquals(values.topic, ["a", "wikipedia-*"]);
  assertEquals(values.partition, [0, 2]);
  assertEquals(values.filter, {
    keys: ["en.wikipedia.org/Paris, Texas"],
    wikis: ["enwiki", "*wiktionary", "dewiki"],
    users: "bot",
  });
});

Deno.test("fromOf() returns where reading begins", () => {
  const starts = [
    [[], "now"],
    [["--from-beginning"], "beginning"],
    [["--group", "g", "--from-beginning"], "beginning"],
    [["--since", "2026-01-01"], { time: Date.UTC(2026, 0, 1) }],
    [["--until", "2026-01-01"], "beginning"],
    [["--last", "5"], "beginning"],
    [["--last", "5", "--since", "2026-01-01"], { time: Date.UTC(2026, 0, 1) }],
    [["--partition", "1", "--offset", "7"], { offset: 7n }],
    [["--partition", "1,2"], "now"],
  ] as const;
  for (const [args, from] of starts) assertEquals(fromOf(read(...args)), from, args.join(" "));
});

const refused: readonly (readonly [args: string, says: string])[] = [
  ["--group g --since 2h", "Cannot combine --group and --since"],
  ["--group g --until 2h", "Cannot combine --group and --until"],
  ["--group g --last 1", "Cannot combine --group and --last"],
  ["--group g --partition 0", "Cannot combine --group and --partition"],
  ["--group g --offset 0", "Cannot combine --group and --offset"],
  [
    "--from-beginning --since 2h",
    "Cannot combine --from-beginning and --since: each sets the start",
  ],
  [
    "--from-beginning --last 2",
    "Cannot combine --from-beginning and --last: each sets the start",
  ],
  [
    "--since 2h --partition 0 --offset 1",
    "Cannot combine --since and --offset: each sets the start",
  ],
  [
    "--last 2 --partition 0 --offset 1",
    "Cannot combine --offset and --last: each sets the start",
  ],
  ["--last 2 --max-messages 1", "Cannot combine --max-messages and --last"],
  ["--since 1h --until 2h", "Cannot read backward: --since is later than --until"],
  ["--offset 1", "Cannot use --offset without one --partition"],
  ["--offset 1 --partition 0,1", "Cannot use --offset without one --partition"],
  ["--offset 1 --partition 0 --topic a,b", "Cannot use --offset with several topics"],
  ["--offset 1 --partition 0 --topic a*", "Cannot use --offset with several topics"],
  ["--since 2999-01-01", "expected a time in the past"],
  ["--until 2999-01-01", "expected a time in the past"],
  ["--last 0", "expected a whole number from 1 to 100000"],
  ["--last -1", "expected a whole number from 1 to 100000"],
  ["--partition x", "expected a whole number from 0 to 2147483647"],
  ["--offset -1", "expected a whole number from 0"],
  ["--topic a*b", "expected a Kafka topic"],
  ["--topic ,", "expected a list without empty entries"],
  ["--filter enwiki", "expected NAME=VALUE, such as wiki=enwiki"],
  ["--filter wiki=", "expected NAME=VALUE, such as wiki=enwiki"],
  ["--filter wiki=en.wikipedia.org", "expected a name such as enwiki, not a domain"],
  ["--filter namespace=Nothing", "expected a number or a name such as"],
  [
    "--filter title=x",
    "expected one of key, types, wiki, domain, namespace, users before '='",
  ],
  ["--filter users=bot --filter users=human", "expected 'users' once"],
];

for (const [args, says] of refused) {
  Deno.test(`fromOf() rejects ${args}`, () => {
    assertThrows(() => fromOf(read(...args.split(" "))), UsageError, says);
  });
}
