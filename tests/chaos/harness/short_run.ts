import { assert } from "@std/assert";
import { examplesText } from "../../../lib/cli/programs/verify/verify_report.ts";
import { testFolder } from "../../support/tools/folder.ts";
import type { ChaosOptions } from "./options.ts";
import { type ChaosReport, reportText } from "./report.ts";
import { runChaos } from "./run.ts";

/** A Kafka client that was abandoned while a broker was down retries for a while. */
export const unsanitized = { sanitizeOps: false, sanitizeResources: false };

/** The path of a program, by its path from the top of the project. */
export const programAt = (path: string) => new URL(`../../../${path}`, import.meta.url).pathname;

/**
 * Runs a short chaos run with a new seed in a temporary folder. Shows the table if it fails.
 */
export async function chaos(
  options: Partial<ChaosOptions>,
  check: (report: ChaosReport) => boolean,
): Promise<void> {
  await using folder = await testFolder();
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
  const report = await runChaos({
    directory: folder.path,
    seed,
    nodes: 3,
    delivery: "exactly-once",
    program: programAt("main.ts"),
    events: 20_000,
    duration: 1000,
    producerKills: 0,
    brokerKills: 0,
    streamFaults: 0,
    ...options,
  });
  const examples = examplesText(report.verdict).join("\n");
  assert(check(report), `seed ${seed}\n${reportText(report)}\n${examples}`);
}
