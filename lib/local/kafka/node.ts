import { UserError } from "../../shared/error.ts";
import { javaCommand } from "../java/java.ts";
import { notingPid, runningProcess } from "../process/pid_file.ts";
import { detach, type Process, supervise } from "../process/process.ts";
import {
  logProperties,
  type NodeAddress,
  type Properties,
  propertiesText,
  serverProperties,
} from "./properties.ts";
import { tail } from "../process/tail.ts";

/** How the nodes of a cluster run. */
export interface NodeOptions {
  /** The `java` to run. */
  readonly java: string;
  /** The folder of Kafka's jars. */
  readonly libs: string;
  /** The maximum size of Java's heap, in MiB. */
  readonly heap: number;
  /** Whether nodes continue after this process has ended. */
  readonly detached: boolean;
  /** Settings that extend and override those of `serverProperties()`. */
  readonly extraConfig: (node: NodeAddress) => Properties;
  /** Ends formatting and starting. */
  readonly signal: AbortSignal | undefined;
}

/** Returns the folders and files of one node. */
function files(directory: string, id: number) {
  const folder = `${directory}/node-${id}`;
  return {
    folder,
    data: `${folder}/data`,
    properties: `${folder}/server.properties`,
    logging: `${folder}/log4j2.properties`,
    log: `${folder}/broker.log`,
    output: `${folder}/output.log`,
    pid: `${folder}/pid`,
  };
}

/** Writes the configuration for the next start of a node. */
export async function configureNode(
  directory: string,
  node: NodeAddress,
  cluster: readonly NodeAddress[],
  { extraConfig }: NodeOptions,
): Promise<void> {
  const { folder, data, properties, logging, log } = files(directory, node.id);
  await Deno.mkdir(folder, { recursive: true });
  const settings = { ...serverProperties(node, cluster, data), ...extraConfig(node) };
  await Deno.writeTextFile(properties, propertiesText(settings));
  await Deno.writeTextFile(logging, propertiesText(logProperties(log)));
}

/** Formats the empty data folder of a configured node for its cluster. */
export async function formatNode(
  directory: string,
  id: number,
  clusterId: string,
  options: NodeOptions,
): Promise<void> {
  const { properties, output } = files(directory, id);
  const format = [
    "kafka.tools.StorageTool",
    "format",
    `--cluster-id=${clusterId}`,
    "-c",
    properties,
  ];
  await using process = await supervise(nodeCommand(directory, id, format, options), {
    output,
    signal: options.signal,
  });
  const code = await process.exited;
  options.signal?.throwIfAborted();
  if (code !== 0) {
    throw new UserError(`Cannot format Kafka's data folder: exit code ${code}`, {
      details: await nodeLog(directory, id),
    });
  }
}

/** Starts a configured and formatted node. Does not wait until it answers. */
export async function startNode(
  directory: string,
  id: number,
  options: NodeOptions,
): Promise<Process> {
  const { properties, output, pid } = files(directory, id);
  const broker = nodeCommand(directory, id, ["kafka.Kafka", properties], options);
  const command = notingPid(pid, broker);
  return options.detached ? detach(command, { output }) : await supervise(command, { output });
}

function nodeCommand(
  directory: string,
  id: number,
  mainAndArguments: readonly string[],
  { java, libs, heap }: NodeOptions,
): string[] {
  const logging = `-Dlog4j2.configurationFile=${files(directory, id).logging}`;
  return javaCommand(java, heap, logging, "-cp", `${libs}/*`, ...mainAndArguments);
}

/** Returns the running process of a node, no matter which process started it. */
export function runningNode(directory: string, id: number): Promise<Process | undefined> {
  const { pid, properties } = files(directory, id);
  return runningProcess(pid, (command) => command.endsWith(` kafka.Kafka ${properties}`));
}

/** Returns the last lines of a node's log, and of its stdout and stderr. */
export async function nodeLog(directory: string, id: number): Promise<readonly string[]> {
  const { log, output } = files(directory, id);
  return [...await tail(output, 5), ...await tail(log, 15)].slice(-15);
}
