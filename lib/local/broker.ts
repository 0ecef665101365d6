import { getLogger } from "@logtape/logtape";
import { UserError } from "../error.ts";
import { kafkaLibs } from "./distribution.ts";
import { type Cluster, readCluster, removeCluster, writeCluster } from "./folder.ts";
import { findJava } from "./java.ts";
import { lockFile } from "./lock.ts";
import {
  configureNode,
  formatNode,
  nodeLog,
  type NodeOptions,
  runningNode,
  startNode,
} from "./node.ts";
import { freePort, isFree } from "./ports.ts";
import { probe } from "./probe.ts";
import type { Process } from "./process.ts";
import type { NodeAddress, Properties } from "./properties.ts";

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
  /** The folder in which a fetched Apache Kafka is kept (default `.local`). */
  readonly jars?: string;
  /** How long the nodes may take until they answer, in ms (default 60,000). */
  readonly startLimit?: number;
  /** Gives up the start when aborted, and leaves nothing running. */
  readonly signal?: AbortSignal;
}

/** A node as it is now. */
export interface NodeState {
  readonly id: number;
  readonly port: number;
  /** `undefined` while it does not run. */
  readonly pid: number | undefined;
}

/** A Kafka as it is now. */
export interface KafkaStatus {
  readonly bootstrapServers: string;
  readonly nodes: readonly (NodeState & { readonly answers: boolean })[];
}

/** How long an orderly stop may take before SIGKILL, in ms. */
const STOP_LIMIT = 10_000;

const log = getLogger(["wikitap", "kafka"]);

/**
 * Starts a real Apache Kafka (KRaft) on 127.0.0.1, and returns when all its nodes answer.
 *
 * @throws {UserError} when there is no Java 17, no Maven and no `KAFKA_HOME`; a port is in use; the
 *   folder holds another kind of cluster, or one that runs; a node ends or does not answer in time.
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
  const libs = await kafkaLibs(options.jars ?? ".local", { signal });
  await Deno.mkdir(options.directory, { recursive: true });
  // Absolute and without links: it tells our nodes from other processes.
  const directory = await Deno.realPath(options.directory);
  using _lock = await lockFile(`${directory}/lock`, {
    signal,
    onWait: () => log.info("Waiting for another process that starts Kafka here"),
  });
  await refuseRunning(directory);
  if (clean) await removeCluster(directory);
  const known = await readCluster(directory);
  refuseOtherKind(directory, known, nodes);
  const addresses = chooseAddresses(nodes, port);
  const nodeOptions: NodeOptions = {
    java,
    libs,
    heap,
    detached: options.detached ?? false,
    extraConfig: options.extraConfig ?? (() => ({})),
    signal,
  };
  const cluster = await prepare(directory, known, addresses, nodeOptions);
  const kafka = new LocalKafka(directory, cluster, nodeOptions, startLimit);
  await kafka.start();
  return kafka;
}

/** A local Kafka that this process started; `await using` stops it at the end of the block. */
export class LocalKafka implements AsyncDisposable {
  readonly #directory: string;
  readonly #cluster: Cluster;
  readonly #options: NodeOptions;
  readonly #startLimit: number;
  readonly #running = new Map<number, Process>();
  readonly #ended = Promise.withResolvers<{ id: number; code: number }>();

  constructor(directory: string, cluster: Cluster, options: NodeOptions, startLimit: number) {
    this.#directory = directory;
    this.#cluster = cluster;
    this.#options = options;
    this.#startLimit = startLimit;
  }

  /** The addresses of all nodes, for `--bootstrap-server`. */
  get bootstrapServers(): string {
    return bootstrapServers(this.#cluster);
  }

  /** The nodes, running or not. */
  get nodes(): NodeState[] {
    return this.#cluster.nodes.map(({ id, port }) => ({
      id,
      port,
      pid: this.#running.get(id)?.pid,
    }));
  }

  /** Resolves when a node ends that nobody here asked to; its exit code is over 128 for a signal. */
  get ended(): Promise<{ id: number; code: number }> {
    return this.#ended.promise;
  }

  /** Ends a node at once (SIGKILL), as a crash does. */
  async kill(id: number): Promise<void> {
    const process = this.#running.get(id);
    if (process === undefined) return;
    this.#running.delete(id);
    await process.signal("KILL");
    await process.exited;
  }

  /**
   * Starts some nodes (default: all), and returns when they answer and see all that run.
   *
   * @throws {UserError} when one ends or does not answer in time; then none of them runs.
   */
  async start(...ids: readonly number[]): Promise<void> {
    const wanted = (ids.length > 0 ? ids : this.#cluster.nodes.map(({ id }) => id))
      .filter((id) => !this.#running.has(id));
    for (const id of wanted) await this.#spawn(id);
    const ready = wanted.map((id) => this.#untilReady(id));
    try {
      await Promise.all(ready);
    } catch (error) {
      await Promise.all(wanted.map((id) => this.kill(id)));
      await Promise.allSettled(ready);
      throw error;
    }
  }

  /** Stops all nodes in order; those that take longer than 10 s, or the machine's time, at once. */
  async stop(): Promise<void> {
    const processes = [...this.#running.values()];
    this.#running.clear();
    await stopAll(processes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #spawn(id: number): Promise<void> {
    const process = await startNode(this.#directory, id, this.#options);
    this.#running.set(id, process);
    process.exited.then((code) => {
      if (this.#running.get(id) !== process) return;
      this.#running.delete(id);
      this.#ended.resolve({ id, code });
    });
  }

  async #untilReady(id: number): Promise<void> {
    const process = this.#running.get(id);
    const deadline = Date.now() + this.#startLimit;
    while (!await this.#isReady(id)) {
      this.#options.signal?.throwIfAborted();
      if (process === undefined || this.#running.get(id) !== process) {
        throw await this.#failure(id, `ended while it started: exit code ${await process?.exited}`);
      }
      if (Date.now() > deadline) {
        throw await this.#failure(id, `does not answer after ${this.#startLimit / 1000} s`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async #failure(id: number, what: string): Promise<UserError> {
    return new UserError(`Broker ${id} ${what}`, {
      details: await nodeLog(this.#directory, id),
      hint: `Its whole log: '${this.#directory}/node-${id}/broker.log'`,
    });
  }

  /** The node answers, is of this cluster, and its view has every node that runs, unfenced. */
  async #isReady(id: number): Promise<boolean> {
    const view = await probe(this.#cluster.nodes.find((node) => node.id === id)!.port);
    return view?.clusterId === this.#cluster.clusterId &&
      [...this.#running.keys()].every((id) => view.brokerIds.includes(id));
  }
}

/** The Kafka in `directory`, whoever started it, or `undefined` where none was ever made. */
export async function kafkaStatus(directory: string): Promise<KafkaStatus | undefined> {
  const found = await findCluster(directory);
  if (found === undefined) return undefined;
  const { cluster, running } = found;
  const nodes = cluster.nodes.map(async ({ id, port }) => {
    const pid = running.get(id)?.pid;
    const view = pid === undefined ? undefined : await probe(port);
    return { id, port, pid, answers: view?.clusterId === cluster.clusterId };
  });
  return { bootstrapServers: bootstrapServers(cluster), nodes: await Promise.all(nodes) };
}

/**
 * Stops the Kafka in `directory`, whoever started it, in order.
 *
 * @returns How many nodes ran.
 * @throws {UserError} when a process can't be stopped.
 */
export async function stopKafka(directory: string): Promise<number> {
  const running = (await findCluster(directory))?.running ?? new Map<number, Process>();
  await stopAll([...running.values()]);
  return running.size;
}

async function findCluster(
  path: string,
): Promise<{ cluster: Cluster; running: Map<number, Process> } | undefined> {
  const cluster = await readCluster(path);
  if (cluster === undefined) return undefined;
  const directory = await Deno.realPath(path);
  const running = new Map<number, Process>();
  for (const { id } of cluster.nodes) {
    const process = await runningNode(directory, id);
    if (process !== undefined) running.set(id, process);
  }
  return { cluster, running };
}

async function refuseRunning(directory: string): Promise<void> {
  for (const id of [1, 2, 3]) {
    const process = await runningNode(directory, id);
    if (process === undefined) continue;
    throw new UserError(`A Kafka runs in '${directory}' already: process ${process.pid}`, {
      hint: "Stop it first: deno task kafka stop",
    });
  }
}

function refuseOtherKind(directory: string, known: Cluster | undefined, nodes: number): void {
  if (known === undefined || known.nodes.length === nodes) return;
  const had = known.nodes.length;
  throw new UserError(
    `'${directory}' holds the data of ${had === 1 ? "one node" : `${had} nodes`}, not of ${nodes}`,
    { hint: `Start with --nodes ${had}, or with --clean to drop that data` },
  );
}

function chooseAddresses(nodes: number, first: number): NodeAddress[] {
  const taken = new Set<number>();
  const free = () => {
    let port = freePort();
    while (taken.has(port)) port = freePort();
    taken.add(port);
    return port;
  };
  return Array.from({ length: nodes }, (_, index) => {
    const port = first === 0 ? free() : first + index;
    if (!isFree(port)) {
      throw new UserError(`Port ${port} is in use, perhaps by another Kafka`, {
        hint: "Stop what listens there, or choose another port with --port",
      });
    }
    return { id: index + 1, port, controllerPort: free() };
  });
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
    await Promise.all(nodes.map(({ id }) => formatNode(directory, id, clusterId, options)));
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

async function stopAll(processes: readonly Process[]): Promise<void> {
  await Promise.all(processes.map(async (process) => {
    await process.signal("TERM");
    if (await endsWithin(process, STOP_LIMIT)) return;
    await process.signal("KILL");
    if (await endsWithin(process, STOP_LIMIT)) return;
    throw new UserError(`Process ${process.pid} of Kafka can not be stopped`);
  }));
}

async function endsWithin(process: Process, limit: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => timer = setTimeout(() => resolve(false), limit));
  const ended = await Promise.race([process.exited.then(() => true as const), late]);
  clearTimeout(timer);
  return ended;
}

function bootstrapServers({ nodes }: Cluster): string {
  return nodes.map(({ port }) => `127.0.0.1:${port}`).join(",");
}
