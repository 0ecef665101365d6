import { compile } from "../edits/outgoing.ts";
import { knownTopics } from "../edits/route.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { Delivery } from "../kafka/delivery.ts";
import { warnOfRetention } from "../kafka/retention.ts";
import { newCounts, produce } from "../produce.ts";
import { EventStream } from "../upstream/stream.ts";
import { userAgent } from "../version.ts";
import { eventOptions, filterOptions, recordOptions } from "./event_options.ts";
import { kafkaOptions } from "./kafka_options.ts";
import type { GroupValues } from "./option.ts";
import {
  idleTimeoutOf,
  lingerOf,
  positionPlace,
  producerOptions,
  upstreamOptions,
} from "./producer_options.ts";
import { reportSummary } from "./producer_summary.ts";

/** All that a producer can be told. */
export const PRODUCER_GROUPS = [
  kafkaOptions,
  producerOptions,
  upstreamOptions,
  filterOptions,
  recordOptions,
] as const;

/** Runs the pipeline as the options say, until it is done or stopped; ends with a summary. */
export async function runProducer(
  options: GroupValues<typeof PRODUCER_GROUPS>,
  cluster: Cluster,
  stop: AbortSignal,
): Promise<void> {
  const { topic, streamUrl, deadLetterTopic, since } = options;
  const { createTopics, partitions, replicationFactor } = options;
  const edits = eventOptions(options, { topic, streamUrl });
  const counts = newCounts();
  const topics = knownTopics(topic, edits.filter ?? {}) ?? [];
  if (since !== undefined) await warnOfRetention(cluster, topics, since);
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
      since,
      transform: compile(edits),
      publisher: new Delivery({
        cluster,
        place: positionPlace(options),
        delivery: options.delivery,
        compression: options.compression,
        topics: [...topics, ...deadLetterTopic === undefined ? [] : [deadLetterTopic]],
        create: createTopics ? { partitions, replicationFactor } : undefined,
      }),
      deadLetterTopic,
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
}
