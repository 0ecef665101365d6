import { z } from "zod";
import { UserError } from "../../shared/error.ts";
import type { NodeAddress } from "./properties.ts";
import { remove } from "../process/remove.ts";

const clusterSchema = z.object({
  clusterId: z.string().min(1),
  nodes: z.array(z.object({ id: z.int(), port: z.int(), controllerPort: z.int() })).min(1).max(3),
});

/** The cluster that a data folder was formatted for. */
export interface LocalCluster {
  /** Kafka's id of the cluster. */
  readonly clusterId: string;
  /** The nodes with their last addresses. */
  readonly nodes: readonly NodeAddress[];
}

/** The possible ids of nodes. */
export const NODE_IDS = [1, 2, 3] as const;

const fileOf = (directory: string) => `${directory}/cluster.json`;

/**
 * Reads the cluster whose data is in `directory`; `undefined` if no format was completed there.
 *
 * @throws {UserError} if the folder's description is unreadable.
 */
export async function readCluster(directory: string): Promise<LocalCluster | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(fileOf(directory));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    return clusterSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new UserError(`Cannot read '${fileOf(directory)}': it is damaged`, {
      hint: "Delete the folder's data and start again: deno task kafka start --clean",
      cause,
    });
  }
}

/** Returns the addresses of all nodes, for `--bootstrap-server`. */
export function bootstrapServers({ nodes }: LocalCluster): string {
  return nodes.map(({ port }) => `127.0.0.1:${port}`).join(",");
}

/** Writes the description of the cluster, completely or not at all. */
export async function writeCluster(directory: string, cluster: LocalCluster): Promise<void> {
  const file = fileOf(directory);
  await Deno.writeTextFile(`${file}.new`, `${JSON.stringify(cluster, null, 2)}\n`);
  await Deno.rename(`${file}.new`, file);
}

/** Removes the cluster and its data, and nothing else in the folder. */
export async function removeCluster(directory: string): Promise<void> {
  // The description goes first, so that partly removed data never counts.
  await remove(fileOf(directory));
  for (const id of NODE_IDS) await remove(`${directory}/node-${id}`);
}
