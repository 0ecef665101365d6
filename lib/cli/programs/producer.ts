import { getLogger } from "@logtape/logtape";
import { DryRun } from "../../console/dry_run.ts";
import type { Payload } from "../../edits/message/encoder.ts";
import { compile } from "../../edits/outgoing.ts";
import { knownTopics } from "../../edits/routing/route.ts";
import type { Cluster } from "../../kafka/client/cluster.ts";
import { Delivery } from "../../kafka/publish/delivery.ts";
import type { Publisher } from "../../kafka/publish/publisher.ts";
import { warnOfRetention } from "../../kafka/admin/retention.ts";
import { producerReadiness } from "../../observe/health.ts";
import { addProducerMetrics } from "../../observe/producer_metrics.ts";
import { newCounts } from "../../produce/counts.ts";
import type { PublishedBatch } from "../../produce/options.ts";
import { produce } from "../../produce/produce.ts";
import { unlessStopped } from "../../shared/sleep.ts";
import { writeOutput } from "../../terminal/output.ts";
import { EventStream } from "../../upstream/stream.ts";
import { userAgent } from "../../shared/version.ts";
import { avroEncoding, type Encoding, jsonEncoding, previewEncoding } from "./encoding.ts";
import { eventOptions, filterOptions, recordOptions } from "../options/events.ts";
import { kafkaOptions } from "../options/kafka.ts";
import type { logOptions } from "../log.ts";
import { observe, observeOptions } from "../options/observe.ts";
import type { GroupValues, Values } from "../option.ts";
import {
  idleTimeoutOf,
  lingerOf,
  positionPlace,
  producerOptions,
  upstreamOptions,
} from "../options/producer.ts";
import { openRegistry, registryOptions } from "../options/registry.ts";
import { producerWatch } from "./producer_status.ts";
import { reportSummary } from "./producer_summary.ts";
import { showStatus } from "../status.ts";

/** The option groups of the producer. */
export const PRODUCER_GROUPS = [
  producerOptions,
  upstreamOptions,
  filterOptions,
  recordOptions,
  kafkaOptions,
  registryOptions,
  observeOptions,
] as const;

type ProducerOptions = GroupValues<typeof PRODUCER_GROUPS>;

/**
 * Runs the pipeline until it is done or stopped, then logs a summary.
 *
 * @param options Options that `checkProducer()` accepts.
 * @param log The log options. Without them no status is shown.
 * @throws {UserError} if the registry, the stream or Kafka cannot be used; see `produce()`.
 */
export async function runProducer(
  options: ProducerOptions,
  cluster: Cluster,
  stop: AbortSignal,
  log?: Values<typeof logOptions.options>,
): Promise<void> {
  const { topic, streamUrl, dryRun } = options;
  const edits = eventOptions(options, { topic, streamUrl });
  const known = knownTopics(topic, edits.filter ?? {});
  const topics = known ?? [];
  const counts = newCounts();
  const idleTimeout = idleTimeoutOf(options);
  let onPublished: ((batch: PublishedBatch) => void) | undefined;
  await using _observed = await observe(options, {
    add: (metrics) => onPublished = addProducerMetrics(metrics, counts),
    ready: () =>
      producerReadiness({ counts, idleTimeout, isStopping: stop.aborted, now: Date.now() }),
  });
  askForContact(options);
  const encoding = await unlessStopped(
    stop,
    openEncoding(options, edits.payload ?? "edit", known, stop),
  );
  if (encoding === undefined) return;
  const { encoder, prepare } = encoding;
  try {
    const look = producerWatch(counts, { until: options.until, idleTimeout, stop });
    using _status = log === undefined ? null : showStatus({ station: "produce", look, log });
    await produce({
      open: (position, stop) =>
        new EventStream({
          url: streamUrl,
          userAgent: userAgent(options.contact),
          position,
          stop,
          idleTimeout,
        }),
      stream: streamUrl.href,
      since: options.since,
      until: options.until,
      transform: compile(edits, encoder),
      publisher: prepare(
        dryRun ? new DryRun(writeOutput) : delivery(options, cluster, topics),
      ),
      deadLetterTopic: options.deadLetterTopic,
      limit: options.eventsToProduce,
      batchSize: options.batchSize,
      linger: lingerOf(options),
      shutdownTimeout: options.shutdownTimeout,
      stop,
      counts,
      onBegin: dryRun ? undefined : (from) => warnOfRetention(cluster, topics, from),
      onPublished,
    });
  } finally {
    // Where nothing was read there is a reason, and nothing to sum up.
    if (counts.stream !== undefined) reportSummary(counts, dryRun ? "Printed" : "Published");
  }
}

/** @param known The topics of the template, where the filter says which those are. */
function openEncoding(
  options: ProducerOptions,
  payload: Payload,
  known: readonly string[] | undefined,
  stop: AbortSignal,
): Encoding | Promise<Encoding> {
  const { format, dryRun, deadLetterTopic } = options;
  if (format === "json") return jsonEncoding(payload);
  if (dryRun) return previewEncoding(payload);
  // The topic of the position is of the template too, and there from the start.
  const [first = positionPlace(options).topic, ...more] = known ?? [];
  const except = deadLetterTopic === undefined ? [] : [deadLetterTopic];
  return avroEncoding(payload, openRegistry(options)!, {
    topics: [first, ...more],
    others: known === undefined ? { except } : "none",
  }, stop);
}

function delivery(
  options: ProducerOptions,
  cluster: Cluster,
  topics: readonly string[],
): Publisher {
  const { deadLetterTopic, createTopics, partitions, replicationFactor } = options;
  const letters = deadLetterTopic === undefined ? [] : [deadLetterTopic];
  return new Delivery({
    cluster,
    place: positionPlace(options),
    delivery: options.delivery,
    compression: options.compression,
    topics: [...topics, ...letters],
    keylessTopics: options.key === "none" ? [...topics, ...letters] : letters,
    create: createTopics ? { partitions, replicationFactor, except: deadLetterTopic } : undefined,
  });
}

/** Wikimedia's User-Agent policy asks for it, and refuses at times who has none. */
function askForContact({ contact, streamUrl }: ProducerOptions): void {
  if (contact !== undefined || !streamUrl.hostname.endsWith(".wikimedia.org")) return;
  getLogger(["wikitap", "upstream"]).warn(
    "Wikimedia asks who reads its stream: set --contact (or WIKITAP_CONTACT) to a mail address " +
      "or page of yours",
  );
}
