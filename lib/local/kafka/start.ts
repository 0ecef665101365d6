import { getLogger } from "@logtape/logtape";
import { UserError } from "../../shared/error.ts";
import { kafkaLibs } from "./distribution.ts";
import { type Cluster, readCluster, removeCluster, writeCluster } from "./cluster_file.ts";
import { findJava } from "../java/java.ts";
import { lockFile } from "../process/lock.ts";
import { LocalKafka } from "./cluster.ts";
import { configureNode, formatNode, type NodeOptions } from "./node.ts";
import { chooseAddresses } from "./addresses.ts";
import type { NodeAddress, Properties } from "./properties.ts";
import { runningNodes } from "./status.ts";

/** Where `deno task kafka` and the demo keep data, logs and pids of their Kafka. */
export const KAFKA_DIRECTORY = ".local/kafka";

/** A local Kafka, as it is to be started. */
export interface KafkaOptions {
  /** Its data, logs and pids; made where missing. */
  readonly directory: string;
  /** One node, or three that replicate (default 1). */
  readonly nodes?: 1 | 3;
  /** The first node's port, the others take the next ones (default 9092); 0: any that are free. */
  readonly port?: number;
  /** Drops the data of earlier runs (default false). */
  readonly clean?: boolean;
  /** Lives on until `stopKafka()`, whatever becomes of this process (default false). */
  readonly detached?: boolean;
  /**
   * Broker settings in addition to, and instead of, those of `serverProperties()`. A listener
   * PLAINTEXT at the node's port must stay: it is asked whether the node is ready.
   */
  readonly extraConfig?: (node: NodeAddress) => Properties;
  /** The most memory for the heap of each node, in MiB (default 512). */
  readonly heap?: number;
  /** How long the nodes may take until they answer, in ms (default 60,000). */
  readonly startLimit?: number;
  /** Gives up the start when aborted, and leaves nothing running. */
  readonly signal?: AbortSignal;
}

const log = getLogger(["wikitap", "kafka"]);

/**
 * Starts a real Apache Kafka (KRaft) on 127.0.0.1, and returns when all its nodes answer.
 *
 * @throws {UserError} when there is no Java 17, no Maven and no `KAFKA_HOME`; a port is in use, or
 *   not for this user; the folder has a comma in its path, holds another kind of cluster, or one that
 *   runs; a node ends or does not answer in time.
 */
export async function startKafka(options: KafkaOptions): Promise<LocalKafka> {
  const { nodes = 1, port = 9092, clean = false, heap = 512, startLimit = 60_000, signal } =
    options;
  if (nodes !== 1 && nodes !== 3) {
    throw new RangeError(`Cannot start Kafka as 'nodes' must be 1 or 3: current value is ${nodes}`);
  }
  if (!Number.isInteger(port) || port < 0 || port + nodes > 65_536) {
    throw new RangeError(`Cannot start Kafka as 'port' leaves no room: current value is ${port}`);
  }
  const java = await findJava();
  const libs = await kafkaLibs(signal);
  await Deno.mkdir(options.directory, { recursive: true });
  // Absolute and without links: it tells our nodes from other processes.
  const directory = await Deno.realPath(options.directory);
  refuseComma(directory);
  using _lock = await lockFile(`${directory}/lock`, {
    signal,
    onWait: () => log.info("Waiting for another process that starts Kafka here"),
  });
  for (const { pid } of (await runningNodes(directory)).values()) {
    throw new UserError(`A Kafka runs in '${directory}' already: process ${pid}`, {
      hint: "Stop it first: deno task kafka stop",
    });
  }
  const addresses = chooseAddresses(nodes, port);
  if (clean) await removeCluster(directory);
  const known = await readCluster(directory);
  refuseOtherKind(directory, known, nodes);
  const nodeOptions: NodeOptions = {
    java,
    libs,
    heap,
    detached: options.detached ?? false,
    extraConfig: options.extraConfig ?? (() => ({})),
    signal,
  };
  log.info("Starting a Kafka of {nodes}", { nodes: nodes === 1 ? "one node" : `${nodes} nodes` });
  const cluster = await prepare(directory, known, addresses, nodeOptions);
  const kafka = new LocalKafka(directory, cluster, nodeOptions, startLimit);
  await kafka.start();
  return kafka;
}

/** A broker would take what is before the comma, and what is behind it, for two folders of its own. */
function refuseComma(directory: string): void {
  if (!directory.includes(",")) return;
  throw new UserError(`Kafka cannot keep data in '${directory}', as its path has a comma in it`, {
    hint: "Work in a folder that has none in its path",
  });
}

function refuseOtherKind(directory: string, known: Cluster | undefined, nodes: number): void {
  if (known === undefined || known.nodes.length === nodes) return;
  const had = known.nodes.length;
  throw new UserError(
    `'${directory}' holds the data of ${had === 1 ? "one node" : `${had} nodes`}, not of ${nodes}`,
    { hint: `Go on with it: ${startCommand(had)}; or drop it: ${startCommand(nodes)} --clean` },
  );
}

/** Whichever program is told: not all of them have these flags. */
function startCommand(nodes: number): string {
  return `deno task kafka start${nodes === 1 ? "" : ` --nodes ${nodes}`}`;
}

/** Configures the nodes and, in a new folder, formats them. */
async function prepare(
  directory: string,
  known: Cluster | undefined,
  nodes: readonly NodeAddress[],
  options: NodeOptions,
): Promise<Cluster> {
  // What an interrupted format left; there has never been data in it.
  if (known === undefined) await removeCluster(directory);
  for (const node of nodes) await configureNode(directory, node, nodes, options);
  const clusterId = known?.clusterId ?? newClusterId();
  if (known === undefined) {
    // All to their end, also when one fails: nothing works on the folder after that.
    const formats = await Promise.allSettled(
      nodes.map(({ id }) => formatNode(directory, id, clusterId, options)),
    );
    for (const format of formats) if (format.status === "rejected") throw format.reason;
  }
  const cluster = { clusterId, nodes };
  await writeCluster(directory, cluster);
  return cluster;
}

/** 16 random bytes as base64url, which is what Kafka takes for an id. */
function newClusterId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
