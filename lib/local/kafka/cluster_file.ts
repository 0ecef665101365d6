import { z } from "zod";
import { UserError } from "../../shared/error.ts";
import type { NodeAddress } from "./properties.ts";
import { remove } from "../process/remove.ts";

const Cluster = z.object({
  clusterId: z.string().min(1),
  nodes: z.array(z.object({ id: z.int(), port: z.int(), controllerPort: z.int() })).min(1).max(3),
});

/** What a data folder was formatted for, and where its nodes listened last. */
export interface Cluster {
  readonly clusterId: string;
  readonly nodes: readonly NodeAddress[];
}

/** The ids that nodes can have. */
export const NODE_IDS = [1, 2, 3] as const;

const fileOf = (directory: string) => `${directory}/cluster.json`;

/**
 * The cluster whose data is in `directory`, or `undefined` where none was formatted to the end.
 *
 * @throws {UserError} when the folder's own description is unreadable.
 */
export async function readCluster(directory: string): Promise<Cluster | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(fileOf(directory));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    return Cluster.parse(JSON.parse(text));
  } catch (cause) {
    throw new UserError(`'${fileOf(directory)}' is damaged`, {
      hint: "Drop the folder's data and begin anew: deno task kafka start --clean",
      cause,
    });
  }
}

/** The addresses of all nodes, for `--bootstrap-server`. */
export function bootstrapServers({ nodes }: Cluster): string {
  return nodes.map(({ port }) => `127.0.0.1:${port}`).join(",");
}

/** Notes the cluster; complete or not at all. */
export async function writeCluster(directory: string, cluster: Cluster): Promise<void> {
  const file = fileOf(directory);
  await Deno.writeTextFile(`${file}.new`, `${JSON.stringify(cluster, null, 2)}\n`);
  await Deno.rename(`${file}.new`, file);
}

/** Drops the cluster and its data, and leaves alone what else is in the folder. */
export async function removeCluster(directory: string): Promise<void> {
  // First of all, so that half-removed data never counts.
  await remove(fileOf(directory));
  for (const id of NODE_IDS) await remove(`${directory}/node-${id}`);
}
