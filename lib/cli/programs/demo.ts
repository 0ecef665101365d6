import { type Main, program } from "../program.ts";
import { clusterConfig } from "../open/cluster_config.ts";
import { getLogger } from "@logtape/logtape";
import { kafkaOptions } from "../options/kafka.ts";
import { type GroupValues, option, type OptionGroup, parseOptions } from "../option.ts";
import { upstreamOptions } from "../options/producer.ts";
import { PRODUCER_GROUPS, type ProducerPlan, producerPlan } from "../options/producer_plan.ts";
import { runProducer } from "./produce/producer.ts";
import { oneOf } from "../values.ts";
import { RecordOutput } from "../../console/record_output.ts";
import { withAdmin } from "../../kafka/admin/with_admin.ts";
import { type Cluster, type ClusterConfig, openCluster } from "../../kafka/client/cluster.ts";
import { resetPosition } from "../../kafka/publish/position/position_store.ts";
import { readTopic } from "../../kafka/consume/reader.ts";
import { createTopics, describeTopic } from "../../kafka/admin/topics.ts";
import { KAFKA_DIRECTORY, startKafka } from "../../local/kafka/start.ts";
import { serveEvents } from "../../replay/service/server.ts";
import { watchLaunchers } from "../../local/process/launchers.ts";
import { kafkaStatus } from "../../local/kafka/status.ts";
import { syntheticLog } from "../../replay/synthetic/log.ts";
import { runDashboard, SYNTHETIC_TOPIC } from "../../page/dashboard.ts";
import { unlessStopped } from "../../shared/sleep.ts";
import { probeStream } from "../../upstream/connection/probe.ts";
import { userAgent } from "../../shared/version.ts";

const logger = getLogger(["wikitap", "demo"]);

const { streamUrl, contact } = upstreamOptions.options;
const demoOptions = {
  title: "Demo",
  options: {
    nodes: option({
      placeholder: "1|3",
      help: "Brokers of the Kafka that is started if none answers.",
      parse: oneOf("1", "3"),
      default: "1",
    }),
    streamUrl,
    contact,
  },
} satisfies OptionGroup;
const GROUPS = [kafkaOptions, demoOptions] as const;
type DemoOptions = GroupValues<typeof GROUPS>;

/** Runs everything at once. */
export const demoMain: Main = program({
  usage: "deno task demo",
  summary:
    "Starts a Kafka if none answers, creates the topic, publishes Wikipedia's edits to it, prints " +
    "them as they come back, and serves a live page. If Wikimedia cannot be reached, it publishes " +
    "synthetic edits to a topic of their own. Ctrl-C stops everything.",
  examples: [
    ["deno task demo", "Shows edits within a minute"],
    ["deno task demo --contact you@example.org", "With the contact that Wikimedia requires"],
    ["deno task demo --nodes 3", "With three brokers, to see replication and failover"],
  ],
  groups: GROUPS,
  run: async (options, stop) => {
    await using launchers = await watchLaunchers();
    const signal = AbortSignal.any([stop, launchers.signal]);
    await using resources = new AsyncDisposableStack();
    const config = clusterConfig(options);
    const bootstrapServers = await unlessStopped(
      signal,
      findKafka(config, options.nodes === "3" ? 3 : 1, signal, resources),
    );
    if (bootstrapServers === undefined || signal.aborted) return;
    const source = await findSource(options, resources);
    const args = ["--bootstrap-server", bootstrapServers, ...source];
    const plan = producerPlan(parseOptions(PRODUCER_GROUPS, args, Deno.env.get));
    const cluster = openCluster({ ...config, brokers: plan.bootstrapServer });
    await makeTopic(cluster, plan.topic);
    // Synthetic edits begin again at each start, instead of resuming those of an earlier run.
    if (source.includes(SYNTHETIC_TOPIC)) await resetPosition(cluster, plan.position);
    await produceAndPrint(plan, cluster, signal, options);
  },
});

/** Returns a Kafka that answers, or starts one, which stops with `resources`. */
async function findKafka(
  config: ClusterConfig,
  nodes: 1 | 3,
  signal: AbortSignal,
  resources: AsyncDisposableStack,
): Promise<string> {
  const given = config.brokers.join(",");
  // Connection options mean that the user has a Kafka. One that is started here needs none.
  const isDefault = given === kafkaOptions.options.bootstrapServer.default.join(",") &&
    config.tls === undefined && config.sasl === undefined;
  const cluster = openCluster(config);
  try {
    await withAdmin(cluster, { action: "use Kafka" }, (admin) => admin.listTopics());
    logger.info("Using the Kafka at {given}", { given });
    return given;
  } catch (error) {
    if (!isDefault) throw error;
  }
  const running = await kafkaStatus(KAFKA_DIRECTORY);
  if (running?.nodes.every(({ answers }) => answers)) return running.bootstrapServers;
  const kafka = await startKafka({ directory: KAFKA_DIRECTORY, nodes, port: 9092, signal });
  resources.use(kafka);
  return kafka.bootstrapServers;
}

/**
 * Returns the producer's options for Wikimedia's stream or, if it is unreachable, for a local one.
 */
async function findSource(
  { streamUrl, contact }: DemoOptions,
  resources: AsyncDisposableStack,
): Promise<string[]> {
  const trouble = await probeStream(streamUrl, userAgent(contact));
  if (trouble === undefined) {
    return ["--stream-url", streamUrl.href, ...contact === undefined ? [] : ["--contact", contact]];
  }
  logger.warn("{trouble}. Publishing synthetic edits to the topic '{topic}' instead", {
    trouble,
    topic: SYNTHETIC_TOPIC,
  });
  const server = serveEvents({ log: syntheticLog({ rate: 40 }) });
  resources.defer(() => server.stop());
  return ["--stream-url", server.url, "--topic", SYNTHETIC_TOPIC];
}

async function makeTopic(cluster: Cluster, topic: string): Promise<void> {
  await withAdmin(cluster, { action: `create the topic '${topic}'`, topic }, async (admin) => {
    if (await describeTopic(admin, topic) !== undefined) return;
    const { brokers } = await admin.describeCluster();
    const replicationFactor = Math.min(3, brokers.length);
    await createTopics(admin, [{ topic, partitions: 3, replicationFactor }]);
    logger.info("Created the topic '{topic}' with 3 partitions", { topic });
  });
}

/** History of the live page, in ms. */
const PAGE_HISTORY = 3_600_000;

/** Produces and prints. Printing stops last, so that the last records are shown too. */
async function produceAndPrint(
  plan: ProducerPlan,
  cluster: Cluster,
  signal: AbortSignal,
  log: Parameters<typeof runProducer>[3],
): Promise<void> {
  const enough = new AbortController();
  const output = new RecordOutput({
    output: "line",
    isTerminal: Deno.stdout.isTerminal(),
    stop: signal,
  });
  const stop = AbortSignal.any([signal, enough.signal]);
  const printed = new AbortController();
  const printing = readTopic(cluster, {
    topic: plan.topic,
    from: "now",
    groupPrefix: "wikitap-demo",
    signal: AbortSignal.any([printed.signal, output.closed]),
    handle: (batch) => output.print(batch),
  }).then(() => output.flush());
  printing.catch(() => enough.abort());
  const page = runDashboard(cluster, {
    topic: plan.topic,
    history: PAGE_HISTORY,
    port: 0,
    hostname: "127.0.0.1",
    signal: printed.signal,
    onReady: (url) => logger.info("Live page: {url}", { url }),
  }).catch((error) =>
    logger.warn("Cannot serve the live page: {reason}", { reason: error.message })
  );
  try {
    await runProducer(plan, cluster, stop, log);
  } finally {
    printed.abort();
    await Promise.all([printing, page]);
  }
}
