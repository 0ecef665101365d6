/**
 * The producer: publishes the edits of Wikimedia's event stream to a Kafka topic.
 *
 *     deno task start --contact you@example.org
 */
import { clusterConfig } from "./lib/cli/open/cluster_config.ts";
import { PRODUCER_GROUPS, producerPlan } from "./lib/cli/options/producer_plan.ts";
import { runProducer } from "./lib/cli/programs/produce/producer.ts";
import { positionText } from "./lib/cli/programs/produce/producer_summary.ts";
import { program, runMain } from "./lib/cli/program.ts";
import { openCluster } from "./lib/kafka/client/cluster.ts";
import { resetPosition, savedPosition } from "./lib/kafka/publish/position/position_store.ts";
import { writeOutput } from "./lib/terminal/output.ts";

export const main = program({
  usage: "deno task start",
  summary:
    "Publishes the edits of Wikimedia's event stream to a Kafka topic, each exactly once, until " +
    "Ctrl-C. The next start resumes after the last edit.",
  examples: [
    ["deno task start --contact you@example.org", "All edits, as they happen"],
    ["deno task start --events-to-produce 1000", "1,000 records, then it exits"],
    [
      "deno task start --wiki enwiki --users human --namespace 0",
      "Articles of one wiki, edited by people",
    ],
    ["deno task start --since 2h", "Begins two hours ago"],
    ["deno task start --since 2026-01-01 --until 2026-01-02", "One day, then it exits"],
    ["deno task start --dry-run --events-to-produce 3", "Prints three records, without Kafka"],
  ],
  groups: PRODUCER_GROUPS,
  run: async (options, stop) => {
    const plan = producerPlan(options);
    const cluster = openCluster(clusterConfig(options));
    const { position } = plan;
    if (options.showPosition) {
      writeOutput(positionText(position, await savedPosition(cluster, position)));
    } else if (options.resetPosition) {
      const wasSaved = await resetPosition(cluster, position);
      writeOutput(
        `${wasSaved ? "Deleted the position" : "No position is saved"} of '${position.group}'\n`,
      );
    } else await runProducer(plan, cluster, stop, options);
  },
});

if (import.meta.main) await runMain(main);
