import { bootstrapServers, NODE_IDS, readCluster } from "./cluster_file.ts";
import type { NodeState } from "./cluster.ts";
import { runningNode } from "./node.ts";
import { probeBroker } from "./metadata_probe.ts";
import type { Process } from "../process/process.ts";
import { stopAll } from "../process/stop.ts";

/** The current state of a Kafka. */
export interface KafkaStatus {
  /** The addresses of all nodes, for `--bootstrap-server`. */
  readonly bootstrapServers: string;
  /** The nodes, and whether they answer. */
  readonly nodes: readonly (NodeState & { readonly answers: boolean })[];
}

/** Returns the state of the Kafka in `directory`, no matter which process started it. */
export async function kafkaStatus(directory: string): Promise<KafkaStatus | undefined> {
  const cluster = await readCluster(directory);
  if (cluster === undefined) return undefined;
  const running = await runningNodes(directory);
  const nodes = cluster.nodes.map(async ({ id, port }) => {
    const pid = running.get(id)?.pid;
    const view = pid === undefined ? undefined : await probeBroker(port);
    return { id, port, pid, answers: view?.clusterId === cluster.clusterId };
  });
  return { bootstrapServers: bootstrapServers(cluster), nodes: await Promise.all(nodes) };
}

/**
 * Stops the Kafka in `directory` in order, no matter which process started it.
 *
 * @returns The number of nodes that ran.
 * @throws {UserError} if a process cannot be stopped.
 */
export async function stopKafka(directory: string): Promise<number> {
  const running = await runningNodes(directory);
  await stopAll([...running.values()]);
  return running.size;
}

/** Returns the processes of the nodes that run in `path`, by their ids; none without the folder. */
export async function runningNodes(path: string): Promise<Map<number, Process>> {
  const running = new Map<number, Process>();
  let directory: string;
  try {
    directory = await Deno.realPath(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return running;
    throw error;
  }
  for (const id of NODE_IDS) {
    const process = await runningNode(directory, id);
    if (process !== undefined) running.set(id, process);
  }
  return running;
}
