import { assertRejects } from "@std/assert";
import { type ChaosReport, isKept } from "./harness/report.ts";
import { runChaos } from "./harness/run.ts";
import { chaos, programAt, unsanitized } from "./harness/short_run.ts";
import { testFolder } from "../support/tools/folder.ts";
import { until } from "../support/tools/until.ts";

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
      directory: folder.path,
      seed: 0,
      nodes: 1,
      delivery: "exactly-once",
      stop: stop.signal,
      program: programAt("main.ts"),
      events: 20_000,
      duration: 600_000,
      producerKills: 0,
      brokerKills: 0,
      streamFaults: 0,
    });
    const stopped = assertRejects(() => run, DOMException, "aborted");
    await until(() => Deno.stat(outputs[0]!).catch(() => undefined), Boolean, 120_000);
    stop.abort();
    await stopped;
    await assertRejects(() => Deno.stat(outputs[1]!), Deno.errors.NotFound);
  },
);
