import { getLogger } from "@logtape/logtape";
import { UserError } from "../../shared/error.ts";
import { kafkaLibs } from "./distribution.ts";
import { type LocalCluster, readCluster, removeCluster, writeCluster } from "./cluster_file.ts";
import { findJava } from "../java/java.ts";
import { lockFile } from "../process/lock.ts";
import { LocalKafka } from "./cluster.ts";
import { configureNode, formatNode, type NodeOptions } from "./node.ts";
import { chooseAddresses } from "./addresses.ts";
import type { NodeAddress, Properties } from "./properties.ts";
import { runningNodes } from "./status.ts";

/** The folder in which `deno task kafka` and the demo keep data, logs and pids of their Kafka. */
export const KAFKA_DIRECTORY = ".local/kafka";

/** How to start a local Kafka. */
export interface KafkaOptions {
  /** The folder of its data, logs and pids; created if it is missing. */
  readonly directory: string;
  /** One node, or three that replicate (default 1). */
  readonly nodes?: 1 | 3;
  /** The first node's port; the others use the next ones (default 9092). 0: any free ports. */
  readonly port?: number;
  /** Deletes the data of earlier runs (default false). */
  readonly clean?: boolean;
  /** Keeps it running until `stopKafka()`, also after this process has ended (default false). */
  readonly detached?: boolean;
  /**
   * Broker settings that extend and override those of `serverProperties()`. A PLAINTEXT listener on
   * the node's port must remain: it is used to find out whether the node is ready.
   */
  readonly extraConfig?: (node: NodeAddress) => Properties;
  /** The maximum heap of each node, in MiB (default 512). */
  readonly heap?: number;
  /** How long the nodes may take until they answer, in ms (default 60,000). */
  readonly startLimit?: number;
  /** Ends the start when aborted, and leaves nothing running. */
  readonly signal?: AbortSignal;
}

const log = getLogger(["wikitap", "kafka"]);

/**
 * Starts a real Apache Kafka (KRaft) on 127.0.0.1, and returns when all its nodes answer.
 *
 * @throws {UserError} if Java 17 is missing; if both Maven and `KAFKA_HOME` are missing; if a port
 * is in use or not permitted; if the folder has a comma in its path, has another kind of cluster,
 * or one that runs; if a node ends or does not answer in time.
 */
export async function startKafka(options: KafkaOptions): Promise<LocalKafka> {
  const { nodes = 1, port = 9092, clean = false, heap = 512, startLimit = 60_000, signal } =
    options;
  if (nodes !== 1 && nodes !== 3) {
    throw new RangeError(`Cannot start Kafka: 'nodes' is ${nodes}, expected 1 or 3`);
  }
  if (!Number.isInteger(port) || port < 0 || port + nodes > 65_536) {
    throw new RangeError(`Cannot start Kafka: 'port' is ${port}, expected 0 to ${65_536 - nodes}`);
  }
  const java = await findJava();
  const libs = await kafkaLibs(signal);
  await Deno.mkdir(options.directory, { recursive: true });
  // Absolute and without links: it distinguishes these nodes from other processes.
  const directory = await Deno.realPath(options.directory);
  refuseComma(directory);
  using _lock = await lockFile(`${directory}/lock`, {
    signal,
    onWait: () => log.info("Waiting for another process that starts Kafka here"),
  });
  for (const { pid } of (await runningNodes(directory)).values()) {
    throw new UserError(`Cannot start Kafka: one runs in '${directory}' already, process ${pid}`, {
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
  log.info("Starting a Kafka of {nodes}", { nodes: countOf(nodes) });
  const cluster = await prepare(directory, known, addresses, nodeOptions);
  const kafka = new LocalKafka(directory, cluster, nodeOptions, startLimit);
  await kafka.start();
  return kafka;
}

/** Throws for a comma in the path: a broker would read it as two folders. */
function refuseComma(directory: string): void {
  if (!directory.includes(",")) return;
  throw new UserError(`Cannot keep Kafka's data in '${directory}': the path has a comma`, {
    hint: "Use a folder without a comma in its path",
  });
}

function refuseOtherKind(directory: string, known: LocalCluster | undefined, nodes: number): void {
  if (known === undefined || known.nodes.length === nodes) return;
  const existing = countOf(known.nodes.length);
  throw new UserError(
    `Cannot start a Kafka of ${countOf(nodes)}: '${directory}' has the data of ${existing}`,
    {
      hint: `Continue with it: ${startCommand(known.nodes.length)}; or delete it: ` +
        `${startCommand(nodes)} --clean`,
    },
  );
}

function countOf(nodes: number): string {
  return nodes === 1 ? "one node" : `${nodes} nodes`;
}

/** Names the program with the flags: other programs that start Kafka do not have them. */
function startCommand(nodes: number): string {
  return `deno task kafka start${nodes === 1 ? "" : ` --nodes ${nodes}`}`;
}

/** Configures the nodes and, in a new folder, formats them. */
async function prepare(
  directory: string,
  known: LocalCluster | undefined,
  nodes: readonly NodeAddress[],
  options: NodeOptions,
): Promise<LocalCluster> {
  // A previous format was interrupted: the folder has never had data.
  if (known === undefined) await removeCluster(directory);
  for (const node of nodes) await configureNode(directory, node, nodes, options);
  const clusterId = known?.clusterId ?? newClusterId();
  if (known === undefined) {
    // All run to their end, even if one fails, so that none uses the folder after this returns.
    const formats = await Promise.allSettled(
      nodes.map(({ id }) => formatNode(directory, id, clusterId, options)),
    );
    for (const format of formats) if (format.status === "rejected") throw format.reason;
  }
  const cluster = { clusterId, nodes };
  await writeCluster(directory, cluster);
  return cluster;
}

/** Returns 16 random bytes as base64url, Kafka's form of an id. */
function newClusterId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
