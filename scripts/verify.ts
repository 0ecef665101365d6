/**
 * Compares a topic with the stream that it was made from.
 *
 *     deno task verify --since 2h
 */
import { clusterConfig } from "../lib/cli/open/cluster_config.ts";
import { VERIFY_GROUPS } from "../lib/cli/options/verify.ts";
import { program, runMain } from "../lib/cli/program.ts";
import { runVerify } from "../lib/cli/programs/verify/verify.ts";
import { openCluster } from "../lib/kafka/client/cluster.ts";

export const main = program({
  usage: "deno task verify",
  summary:
    "Compares a topic with the stream that it was made from. Reads a span of the stream again, makes " +
    "the records as the producer does, and reports what is lost, duplicated, different or out of " +
    "order. Exits with 0 only if nothing is.",
  examples: [
    ["deno task verify", "The last hour, up to a minute ago"],
    ["deno task verify --since 2026-01-01 --until 2026-01-02", "One day"],
    ["deno task verify --since 1d --output json", "The last day, for a program"],
    ["deno task verify --since 2h --repair", "Publishes what is lost, after it has asked"],
    ["deno task verify --topic other --ignore-position", "A topic that another program fills"],
  ],
  groups: VERIFY_GROUPS,
  run: (options, stop) => runVerify(options, openCluster(clusterConfig(options)), stop),
});

if (import.meta.main) await runMain(main);
