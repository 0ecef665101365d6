import { assertEquals, assertThrows } from "@std/assert";
import { parseOptions } from "../../../../lib/cli/option.ts";
import { PRODUCER_GROUPS, producerPlan } from "../../../../lib/cli/options/producer_plan.ts";
import { savedOptions } from "../../../../lib/cli/options/saved_options.ts";
import { asProducer, spanOf, VERIFY_GROUPS } from "../../../../lib/cli/options/verify.ts";
import { optionMarks } from "../../../../lib/produce/record_options.ts";
import { UsageError } from "../../../../lib/shared/error.ts";

const producer = (...args: string[]) => parseOptions(PRODUCER_GROUPS, args, () => undefined);
const values = (...args: string[]) => parseOptions(VERIFY_GROUPS, args, () => undefined);

function marksOf(...args: string[]): string {
  const { edits, format } = producerPlan({ ...producer(...args), dryRun: true });
  return optionMarks({ ...edits, format });
}

const NOW = Date.UTC(2026, 0, 1);

Deno.test("spanOf() is by default the hour that ended a minute ago", () => {
  const span = spanOf({ since: undefined, until: undefined }, NOW);
  assertEquals(span, { since: NOW - 3_660_000, until: NOW - 60_000 });
  assertEquals(spanOf({ since: undefined, until: NOW - 1 }, NOW).since, NOW - 3_600_001);
});

Deno.test("spanOf() throws UsageError for an empty span", () => {
  const error = assertThrows(
    () => spanOf({ since: NOW - 1000, until: undefined }, NOW),
    UsageError,
  );
  assertEquals(
    error.message,
    "Cannot verify from 2025-12-31T23:59:59.000Z to 2025-12-31T23:59:00.000Z: expected --since before --until",
  );
});

Deno.test("asProducer() returns what the producer's own options return", () => {
  const shared = ["--topic", "edits", "--wiki", "enwiki", "--key", "user", "--name", "n"];
  assertEquals(asProducer(values(...shared)), producerWithoutOperands(...shared));
  const { since, until } = asProducer(values("--since", "2026-01-01", "--until", "2026-01-02"));
  assertEquals([since, until], [undefined, undefined]);
});

function producerWithoutOperands(...args: string[]) {
  const { operands: _, ...options } = producer(...args);
  return options;
}

Deno.test("savedOptions() finds the saved values of options with few", () => {
  const saved = ["--users", "bot", "--key", "none", "--headers", "cloudevents"];
  const found = savedOptions(producer(), marksOf(...saved, "--payload", "event"));
  const { users, key, headers, payload } = found;
  assertEquals([users, key, headers, payload], ["bot", "none", "cloudevents", "event"]);
  assertEquals(savedOptions(producer(), marksOf("--format", "avro")).format, "avro");
  assertEquals(savedOptions(producer(), marksOf()), producer());
});

Deno.test("savedOptions() names options that differ and have no known value", () => {
  const marks = marksOf("--wiki", "enwiki", "--fields", "title", "--key", "user");
  const error = assertThrows(() => savedOptions(producer("--key", "domain"), marks), UsageError);
  assertEquals(
    error.message,
    "Cannot verify: the producer uses other values of --wiki, --key, --payload or --fields",
  );
  const same = ["--wiki", "enwiki", "--fields", "title"];
  assertEquals(savedOptions(producer(...same), marks).key, "user");
});
