import { getLogger } from "@logtape/logtape";
import { bootstrapServers, type LocalCluster } from "./cluster_file.ts";
import { nodeLog, type NodeOptions, startNode } from "./node.ts";
import { probeBroker } from "./metadata_probe.ts";
import type { Process } from "../process/process.ts";
import { untilReady } from "../process/ready.ts";
import { stopAll } from "../process/stop.ts";
import { withProgressLog } from "../process/progress_log.ts";

const log = getLogger(["wikitap", "kafka"]);

/** The current state of a node. */
export interface NodeState {
  /** 1, 2 or 3. */
  readonly id: number;
  /** Its port for clients. */
  readonly port: number;
  /** The id of its process; `undefined` if it does not run. */
  readonly pid: number | undefined;
}

/** A local Kafka that this process started. `await using` stops it at the end of the block. */
export class LocalKafka implements AsyncDisposable {
  readonly #directory: string;
  readonly #cluster: LocalCluster;
  readonly #options: NodeOptions;
  readonly #startLimit: number;
  readonly #running = new Map<number, Process>();
  readonly #ended = Promise.withResolvers<{ id: number; code: number }>();

  /** Creates it without starting a node; `startLimit` is in ms. */
  constructor(directory: string, cluster: LocalCluster, options: NodeOptions, startLimit: number) {
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

  /** Resolves when a node ends without having been stopped; exit codes above 128 are signals. */
  get ended(): Promise<{ id: number; code: number }> {
    return this.#ended.promise;
  }

  /** Kills a node (SIGKILL), as a crash does. */
  async kill(id: number): Promise<void> {
    const process = this.#running.get(id);
    if (process === undefined) return;
    this.#running.delete(id);
    await process.signal("KILL");
    await process.exited;
  }

  /**
   * Starts nodes (default: all). Returns when they answer and see every running node.
   *
   * @throws {UserError} if one ends or does not answer in time. Then none of them runs.
   */
  async start(...ids: readonly number[]): Promise<void> {
    const wanted = (ids.length > 0 ? ids : this.#cluster.nodes.map(({ id }) => id))
      .filter((id) => !this.#running.has(id));
    const ready: Promise<void>[] = [];
    try {
      const started: [id: number, process: Process][] = [];
      for (const id of wanted) started.push([id, await this.#spawn(id)]);
      ready.push(...started.map(([id, process]) => this.#untilReady(id, process)));
      await withProgressLog(Promise.all(ready), (seconds) => {
        log.info("Still starting, for {seconds} s", { seconds });
      });
    } catch (error) {
      await Promise.all(wanted.map((id) => this.kill(id)));
      await Promise.allSettled(ready);
      throw error;
    }
  }

  /** Stops nodes in order (default: all); kills those that take longer than 10 s. */
  async stop(...ids: readonly number[]): Promise<void> {
    const wanted = [...this.#running].filter(([id]) => ids.length === 0 || ids.includes(id));
    for (const [id] of wanted) this.#running.delete(id);
    await stopAll(wanted.map(([, process]) => process));
  }

  /** Stops all nodes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #spawn(id: number): Promise<Process> {
    const process = await startNode(this.#directory, id, this.#options);
    this.#running.set(id, process);
    process.exited.then((code) => {
      if (this.#running.get(id) !== process) return;
      this.#running.delete(id);
      this.#ended.resolve({ id, code });
    });
    return process;
  }

  #untilReady(id: number, process: Process): Promise<void> {
    return untilReady(process, {
      name: `broker ${id}`,
      isReady: () => this.#isReady(id),
      limit: this.#startLimit,
      log: `${this.#directory}/node-${id}/broker.log`,
      logEnd: () => nodeLog(this.#directory, id),
      signal: this.#options.signal,
    });
  }

  /**
   * Returns whether a node answers, belongs to this cluster and sees every running node, unfenced.
   */
  async #isReady(id: number): Promise<boolean> {
    const view = await probeBroker(this.#cluster.nodes.find((node) => node.id === id)!.port);
    const seen = new Set(view?.brokers.map(({ id }) => id));
    return view?.clusterId === this.#cluster.clusterId &&
      [...this.#running.keys()].every((id) => seen.has(id));
  }
}
