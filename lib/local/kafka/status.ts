import { bootstrapServers, NODE_IDS, readCluster } from "./cluster_file.ts";
import type { NodeState } from "./cluster.ts";
import { runningNode } from "./node.ts";
import { probe } from "./metadata_probe.ts";
import type { Process } from "../process/process.ts";
import { stopAll } from "../process/stop.ts";

/** A Kafka as it is now. */
export interface KafkaStatus {
  readonly bootstrapServers: string;
  readonly nodes: readonly (NodeState & { readonly answers: boolean })[];
}

/** The Kafka in `directory`, whoever started it, or `undefined` where none was ever made. */
export async function kafkaStatus(directory: string): Promise<KafkaStatus | undefined> {
  const cluster = await readCluster(directory);
  if (cluster === undefined) return undefined;
  const running = await runningNodes(directory);
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
  const running = await runningNodes(directory);
  await stopAll([...running.values()]);
  return running.size;
}

/** The processes of the nodes that run in `path`, by their ids; none where there is no folder. */
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
