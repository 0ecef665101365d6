import { assert, assertRejects } from "@std/assert";
import { examplesText } from "../../lib/cli/programs/verify/verify_report.ts";
import { type ChaosReport, isKept, reportText } from "./harness/report.ts";
import type { ChaosOptions } from "./harness/options.ts";
import { runChaos } from "./harness/run.ts";
import { testFolder } from "../support/tools/folder.ts";
import { until } from "../support/tools/until.ts";

// A Kafka client that was abandoned while a broker was down retries for a while.
const unsanitized = { sanitizeOps: false, sanitizeResources: false };

const pathOf = (file: string) => new URL(file, import.meta.url).pathname;

/**
 * Runs a short chaos run with a new seed in a temporary folder. Shows the table if it fails.
 */
async function chaos(
  options: Partial<ChaosOptions>,
  check: (report: ChaosReport) => boolean,
): Promise<void> {
  await using folder = await testFolder();
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
  const report = await runChaos({
    ...{ directory: folder.path, seed, nodes: 3, delivery: "exactly-once" },
    program: pathOf("../../main.ts"),
    ...{ events: 20_000, duration: 1000, producerKills: 0, brokerKills: 0, streamFaults: 0 },
    ...options,
  });
  const examples = examplesText(report.verdict).join("\n");
  assert(check(report), `seed ${seed}\n${reportText(report)}\n${examples}`);
}

// Not more faults: if most connections end among duplicates, the run never ends.
const FEW = {
  events: 12_000,
  producerKills: 4,
  brokerKills: 1,
  streamFaults: 10,
  deadConnections: 1,
  clockSteps: 10,
  repeats: 60,
  codecs: ["lz4", "zstd"],
};

const isComplete = ({ handled, events, repeats }: ChaosReport) => handled === events - repeats;

Deno.test("chaos loses, duplicates and reorders nothing on one broker", unsanitized, () =>
  chaos(
    { ...FEW, nodes: 1, duration: 15_000 },
    (report) => isKept(report.verdict) && isComplete(report),
  ));

Deno.test("chaos loses, duplicates and reorders nothing on three brokers", unsanitized, () =>
  chaos(
    {
      ...FEW,
      brokerKills: 2,
      duration: 25_000,
    },
    (report) => isKept(report.verdict) && isComplete(report),
  ));

Deno.test("chaos loses nothing with at-least-once", unsanitized, () =>
  chaos(
    { ...FEW, delivery: "at-least-once", duration: 15_000, protocol: "http1" },
    (report) => isKept(report.verdict, "at-least-once") && isComplete(report),
  ));

Deno.test(
  "a stopped chaos run counts no unpublished edit as lost",
  unsanitized,
  async () => {
    await using folder = await testFolder();
    const outputs = [1, 99].map((start) => `${folder.path}/producer-${start}.log`);
    await Deno.writeTextFile(outputs[1]!, "of an earlier run");
    const stop = new AbortController();
    const run = runChaos({
      ...{ directory: folder.path, seed: 0, nodes: 1, delivery: "exactly-once", stop: stop.signal },
      program: pathOf("../../main.ts"),
      ...{ events: 20_000, duration: 600_000, producerKills: 0, brokerKills: 0, streamFaults: 0 },
    });
    const stopped = assertRejects(() => run, DOMException, "aborted");
    await until(() => Deno.stat(outputs[0]!).catch(() => undefined), Boolean, 120_000);
    stop.abort();
    await stopped;
    await assertRejects(() => Deno.stat(outputs[1]!), Deno.errors.NotFound);
  },
);

// The same comparison finds the mistakes of other programs.

Deno.test(
  "chaos finds duplicates of a producer that keeps repeated ids",
  unsanitized,
  () =>
    chaos(
      {
        program: pathOf("mutants/no_ids.ts"),
        nodes: 1,
        patience: 20_000,
        events: 3000,
        repeats: 60,
      },
      ({ verdict: { differences } }) => differences.lost === 0 && differences.duplicated > 0,
    ),
);

Deno.test("chaos finds lost edits of a producer that resumes by id", unsanitized, () =>
  chaos(
    {
      ...{ program: pathOf("mutants/id_as_sent.ts"), nodes: 1, patience: 10_000 },
      ...{ events: 15_000, streamFaults: 60 },
    },
    ({ verdict: { found, differences } }) => found > 0 && differences.lost > 0,
  ));

Deno.test(
  "chaos finds lost edits of a producer with one T for all topics",
  unsanitized,
  () =>
    chaos(
      {
        ...{ program: pathOf("mutants/one_time.ts"), nodes: 1, patience: 10_000 },
        ...{ events: 15_000, streamFaults: 30 },
      },
      ({ verdict: { found, differences } }) => found > 0 && differences.lost > 0,
    ),
);

Deno.test(
  "chaos finds duplicates of a producer with one send for all brokers",
  unsanitized,
  () =>
    chaos(
      {
        ...{ program: pathOf("mutants/one_send.ts"), patience: 10_000 },
        ...{ events: 20_000, duration: 4000 },
      },
      ({ verdict }) => verdict.differences.duplicated > 0,
    ),
);
