import { resetPosition, savedPosition } from "../../../kafka/publish/position/position_store.ts";
import { openCluster } from "../../../kafka/client/cluster.ts";
import { writeOutput } from "../../../terminal/output.ts";
import { clusterConfig } from "../../open/cluster_config.ts";
import { PRODUCER_GROUPS, producerPlan } from "../../options/producer_plan.ts";
import { type Main, program } from "../../program.ts";
import { runProducer } from "./producer.ts";
import { positionText } from "./producer_summary.ts";

/** Publishes edits, or prints or deletes the saved position. */
export const startMain: Main = program({
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
        `${
          wasSaved ? "Deleted the position of" : "No position is saved for"
        } '${position.group}'\n`,
      );
    } else await runProducer(plan, cluster, stop, options);
  },
});
