/**
 * The producer: reads the edits of Wikimedia's event stream and publishes them to a Kafka topic.
 *
 *     deno task start --contact you@example.org
 */
import { eventOptions, filterOptions, recordOptions } from "./lib/cli/event_options.ts";
import { clusterConfig, kafkaOptions } from "./lib/cli/kafka_options.ts";
import { writeOutput } from "./lib/cli/output.ts";
import {
  checkProducer,
  idleTimeoutOf,
  lingerOf,
  positionPlace,
  producerOptions,
  upstreamOptions,
} from "./lib/cli/producer_options.ts";
import { positionText, reportSummary } from "./lib/cli/producer_summary.ts";
import { program, runMain } from "./lib/cli/program.ts";
import { compile } from "./lib/edits/outgoing.ts";
import { knownTopics } from "./lib/edits/route.ts";
import { openCluster } from "./lib/kafka/cluster.ts";
import { Delivery } from "./lib/kafka/delivery.ts";
import { resetPosition, savedPosition } from "./lib/kafka/position_store.ts";
import { newCounts, produce } from "./lib/produce.ts";
import { EventStream } from "./lib/upstream/stream.ts";
import { userAgent } from "./lib/version.ts";

export const main = program({
  usage: "deno task start",
  summary:
    "Reads Wikimedia's event stream and publishes its edits to a Kafka topic, each exactly " +
    "once, until Ctrl-C. It goes on where it stopped.",
  examples: [
    ["deno task start --contact you@example.org", "All edits, as they happen"],
    ["deno task start --events-to-produce 1000", "A thousand records, then it ends"],
    [
      "deno task start --wiki enwiki --users human --namespace 0",
      "Articles of one wiki, by people",
    ],
    ["deno task start --since 2h", "Begins two hours ago"],
  ],
  groups: [kafkaOptions, producerOptions, upstreamOptions, filterOptions, recordOptions],
  run: async (options, stop) => {
    checkProducer(options);
    const { topic, streamUrl } = options;
    const edits = eventOptions(options, { topic, streamUrl });
    const cluster = openCluster(clusterConfig(options));
    const place = positionPlace(options);
    if (options.showPosition) {
      return writeOutput(positionText(place, await savedPosition(cluster, place)));
    }
    if (options.resetPosition) {
      const wasSaved = await resetPosition(cluster, place);
      return writeOutput(
        `${wasSaved ? "Forgot the position" : "No position is saved"} of '${place.group}'\n`,
      );
    }

    const counts = newCounts();
    const { createTopics, partitions, replicationFactor } = options;
    const publisher = new Delivery({
      cluster,
      place,
      delivery: options.delivery,
      compression: options.compression,
      topics: knownTopics(topic, edits.filter ?? {}) ?? [],
      create: createTopics ? { partitions, replicationFactor } : undefined,
    });
    try {
      await produce({
        open: (position, stop) =>
          new EventStream({
            url: streamUrl,
            userAgent: userAgent(options.contact),
            position,
            stop,
            idleTimeout: idleTimeoutOf(options),
          }),
        stream: streamUrl.href,
        since: options.since,
        transform: compile(edits),
        publisher,
        limit: options.eventsToProduce,
        batchSize: options.batchSize,
        linger: lingerOf(options),
        shutdownTimeout: options.shutdownTimeout,
        stop,
        counts,
      });
    } finally {
      reportSummary(counts);
    }
  },
});

if (import.meta.main) await runMain(main);
