import { getLogger } from "@logtape/logtape";
import { UserError } from "../../shared/error.ts";
import { findJava, javaCommand } from "../java/java.ts";
import { lockFile } from "../process/lock.ts";
import { notingPid, runningProcess } from "../process/pid_file.ts";
import { checkFree, freePort } from "../process/ports.ts";
import { detach, type Process, supervise } from "../process/process.ts";
import { untilReady } from "../process/ready.ts";
import { registryJar } from "./distribution.ts";
import { remove } from "../process/remove.ts";
import { stopAll } from "../process/stop.ts";
import { tail } from "../process/tail.ts";

/** Where `deno task registry` keeps schemas, log and pid. */
export const REGISTRY_DIRECTORY = ".local/registry";

/** A schema registry, as it is to be started. */
export interface RegistryOptions {
  /** Its schemas, log and pid; made where missing. */
  readonly directory: string;
  /** TCP port on 127.0.0.1 (default 8081); 0: any that is free. */
  readonly port?: number;
  /** Drops the schemas of earlier runs (default false). */
  readonly clean?: boolean;
  /** Lives on until `stopRegistry()`, whatever becomes of this process (default false). */
  readonly detached?: boolean;
  /** Gives up the start when aborted, and leaves nothing running. */
  readonly signal?: AbortSignal | undefined;
}

/** A registry that this process started; `await using` stops it at the end of the block. */
export interface LocalRegistry extends AsyncDisposable {
  /** For `--schema-registry`. */
  readonly url: string;
  /** Its exit code, when it ends; over 128 for a signal. */
  readonly ended: Promise<number>;
  /** Stops it in order. */
  stop(): Promise<void>;
}

const log = getLogger(["wikitap", "registry"]);

/** The most memory for Java's heap, in MiB. */
const HEAP = 192;

/** How long it may take until it answers, in ms. */
const START_LIMIT = 60_000;

/**
 * Starts a real schema registry (Apicurio, with Confluent's API) on 127.0.0.1, and returns when it
 * answers. New schemas have to be readable by the readers of old ones (`BACKWARD`), as in
 * Confluent's own registry.
 *
 * @throws {UserError} when there is no Java 17 or no Maven; the port is in use; one runs in the
 *   folder already; it ends or does not answer in time.
 */
export async function startRegistry(options: RegistryOptions): Promise<LocalRegistry> {
  const { port: wanted = 8081, clean = false, detached = false, signal } = options;
  const java = await findJava();
  const jar = await registryJar(signal);
  await Deno.mkdir(options.directory, { recursive: true });
  // Absolute and without links: it tells our process from others.
  const directory = await Deno.realPath(options.directory);
  using _lock = await lockFile(`${directory}/lock`, {
    signal,
    onWait: () => log.info("Waiting for another process that starts a registry here"),
  });
  const running = await runningRegistry(directory);
  if (running !== undefined) {
    throw new UserError(`A registry runs in '${directory}' already: process ${running.pid}`, {
      hint: "Stop it first: deno task registry stop",
    });
  }
  const port = wanted === 0 ? freePort() : wanted;
  checkFree(port, "registry");
  const { data, output, pid, address } = files(directory);
  if (clean) await remove(data);
  const url = urlAt(port);
  await Deno.writeTextFile(address, url);
  log.info("Starting a schema registry");
  const command = notingPid(pid, commandOf(java, jar, directory, port));
  const process = detached ? detach(command, { output }) : await supervise(command, { output });
  try {
    await untilReady(process, {
      name: "The registry",
      isReady: () => answers(url),
      limit: START_LIMIT,
      log: output,
      logEnd: () => tail(output, 8),
      signal,
    });
    await keepReadable(url);
  } catch (error) {
    await process.signal("KILL");
    await process.exited;
    throw error;
  }
  const stop = () => stopAll([process]);
  return { url, ended: process.exited, stop, [Symbol.asyncDispose]: stop };
}

/** A registry as it is now. */
export interface RegistryStatus {
  readonly url: string;
  /** `undefined` while it does not run. */
  readonly pid: number | undefined;
  readonly answers: boolean;
}

/** The registry in a folder, whoever started it, or `undefined` where none was ever started. */
export async function registryStatus(path: string): Promise<RegistryStatus | undefined> {
  const directory = await Deno.realPath(path).catch(() => undefined);
  if (directory === undefined) return undefined;
  const url = await Deno.readTextFile(files(directory).address).catch(() => undefined);
  if (url === undefined) return undefined;
  const pid = (await runningRegistry(directory))?.pid;
  return { url, pid, answers: pid !== undefined && await answers(url) };
}

/**
 * Stops the registry in a folder, whoever started it, in order.
 *
 * @returns Whether one ran.
 * @throws {UserError} when its process can't be stopped.
 */
export async function stopRegistry(path: string): Promise<boolean> {
  const directory = await Deno.realPath(path).catch(() => undefined);
  const running = directory === undefined ? undefined : await runningRegistry(directory);
  if (running !== undefined) await stopAll([running]);
  return running !== undefined;
}

function files(directory: string) {
  return {
    data: `${directory}/data`,
    output: `${directory}/registry.log`,
    pid: `${directory}/pid`,
    address: `${directory}/url`,
  };
}

function urlAt(port: number): string {
  return `http://127.0.0.1:${port}/apis/ccompat/v7`;
}

function runningRegistry(directory: string): Promise<Process | undefined> {
  return runningProcess(
    files(directory).pid,
    (command) => command.includes(` ${marker(directory)} `),
  );
}

/** Says in the command line whose process it is. */
function marker(directory: string): string {
  return `-Dwikitap.registry=${directory}`;
}

function commandOf(java: string, jar: string, directory: string, port: number): string[] {
  return javaCommand(
    java,
    HEAP,
    marker(directory),
    "-Dquarkus.http.host=127.0.0.1",
    `-Dquarkus.http.port=${port}`,
    // By itself it would keep schemas in memory, and records of earlier runs could not be read.
    `-Dquarkus.datasource.jdbc.url=jdbc:h2:file:${files(directory).data}/schemas`,
    "-jar",
    jar,
  );
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** Apicurio has no rule at first; one that was set stays. */
async function keepReadable(url: string): Promise<void> {
  const signal = AbortSignal.timeout(10_000);
  const { compatibilityLevel } = await (await fetch(`${url}/config`, { signal })).json();
  if (compatibilityLevel !== "NONE") return;
  const response = await fetch(`${url}/config`, {
    method: "PUT",
    headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
    body: JSON.stringify({ compatibility: "BACKWARD" }),
    signal,
  });
  await response.body?.cancel();
}
