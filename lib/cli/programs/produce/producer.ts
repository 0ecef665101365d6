import { openRegistry } from "../../open/logins.ts";
import { observe } from "../../open/observe.ts";
import { getLogger } from "@logtape/logtape";
import { DryRun } from "../../../console/dry_run.ts";
import { buildTransform } from "../../../edits/transform.ts";
import type { Cluster } from "../../../kafka/client/cluster.ts";
import { Delivery } from "../../../kafka/publish/delivery.ts";
import type { Publisher } from "../../../kafka/publish/publisher.ts";
import { warnOfRetention } from "../../../kafka/admin/retention.ts";
import { producerReadiness } from "../../../observe/health.ts";
import { addProducerMetrics } from "../../../observe/producer_metrics.ts";
import { newCounts } from "../../../produce/counts.ts";
import type { PublishedBatch } from "../../../produce/options.ts";
import { optionMarks } from "../../../produce/record_options.ts";
import { produce } from "../../../produce/produce.ts";
import { unlessStopped } from "../../../shared/sleep.ts";
import { writeOutputSlowly } from "../../../terminal/output.ts";
import { avroEncoding, type Encoding, jsonEncoding, previewEncoding } from "./encoding.ts";
import { streamOpener } from "./event_stream.ts";
import type { logOptions } from "../../log.ts";
import type { Values } from "../../option.ts";
import type { ProducerPlan } from "../../options/producer_plan.ts";
import { producerWatch } from "./producer_status.ts";
import { reportSummary } from "./producer_summary.ts";
import { showStatus } from "../../status.ts";

/**
 * Runs the pipeline until it is done or stopped, then logs a summary.
 *
 * @param log The log options. Without them no status is shown.
 * @throws {UserError} if the registry, the stream or Kafka cannot be used; see `produce()`.
 */
export async function runProducer(
  plan: ProducerPlan,
  cluster: Cluster,
  stop: AbortSignal,
  log?: Values<typeof logOptions.options>,
): Promise<void> {
  const { edits, topics = [], streamUrl, idleTimeout, dryRun } = plan;
  const counts = newCounts();
  let onPublished: ((batch: PublishedBatch) => void) | undefined;
  await using _observed = await observe(plan, {
    add: (metrics) => onPublished = addProducerMetrics(metrics, counts),
    ready: () =>
      producerReadiness({ counts, idleTimeout, isStopping: stop.aborted, now: Date.now() }),
  });
  askForContact(plan);
  const encoding = await unlessStopped(stop, openEncoding(plan, stop));
  if (encoding === undefined) return;
  const { encoder, prepare } = encoding;
  try {
    const snapshot = producerWatch(counts, { until: plan.until, idleTimeout, stop });
    using _status = log === undefined ? null : showStatus({ component: "produce", snapshot, log });
    await produce({
      open: streamOpener(plan),
      stream: streamUrl.href,
      optionMarks: optionMarks({ ...edits, format: plan.format }),
      since: plan.since,
      until: plan.until,
      transform: buildTransform(edits, encoder),
      publisher: prepare(
        dryRun ? new DryRun((text) => writeOutputSlowly(text, stop)) : delivery(plan, cluster),
      ),
      deadLetterTopic: plan.deadLetterTopic,
      limit: plan.eventsToProduce,
      batchSize: plan.batchSize,
      linger: plan.linger,
      shutdownTimeout: plan.shutdownTimeout,
      stop,
      counts,
      onBegin: dryRun ? undefined : (from) => warnOfRetention(cluster, topics, from),
      onPublished,
    });
  } finally {
    // If the stream was never opened, there is nothing to summarize.
    if (counts.stream !== undefined) reportSummary(counts, dryRun ? "Printed" : "Published");
  }
}

function openEncoding(plan: ProducerPlan, stop: AbortSignal): Encoding | Promise<Encoding> {
  const { edits: { payload = "edit", avro }, dryRun, deadLetterTopic, topics } = plan;
  if (avro === undefined) return jsonEncoding(payload);
  if (dryRun) return previewEncoding(avro);
  // The position's topic comes from the template too, and must exist from the start.
  const [first = plan.position.topic, ...more] = topics ?? [];
  const except = deadLetterTopic === undefined ? [] : [deadLetterTopic];
  return avroEncoding(avro, openRegistry(plan)!, {
    topics: [first, ...more],
    others: topics === undefined ? { except } : "none",
  }, stop);
}

function delivery(plan: ProducerPlan, cluster: Cluster): Publisher {
  const { topics = [], deadLetterTopic, createTopics, partitions, replicationFactor } = plan;
  const letters = deadLetterTopic === undefined ? [] : [deadLetterTopic];
  return new Delivery({
    cluster,
    place: plan.position,
    delivery: plan.delivery,
    compression: plan.compression,
    topics: [...topics, ...letters],
    keylessTopics: plan.key === "none" ? [...topics, ...letters] : letters,
    create: createTopics ? { partitions, replicationFactor, except: deadLetterTopic } : undefined,
  });
}

/** Wikimedia's User-Agent policy asks for a contact. Clients without one are sometimes rejected. */
function askForContact({ contact, streamUrl }: ProducerPlan): void {
  if (contact !== undefined || !streamUrl.hostname.endsWith(".wikimedia.org")) return;
  getLogger(["wikitap", "upstream"]).warn(
    "Wikimedia asks every client for a contact: set --contact (or WIKITAP_CONTACT) to your " +
      "mail address or web page",
  );
}
