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

/** The folder in which `deno task registry` keeps schemas, log and pid. */
export const REGISTRY_DIRECTORY = ".local/registry";

/** How to start a schema registry. */
export interface RegistryOptions {
  /** The folder of its schemas, log and pid; created if it is missing. */
  readonly directory: string;
  /** TCP port on 127.0.0.1 (default 8081); 0: any free port. */
  readonly port?: number;
  /** Deletes the schemas of earlier runs (default false). */
  readonly clean?: boolean;
  /** Keeps it running until `stopRegistry()`, also after this process has ended (default false). */
  readonly detached?: boolean;
  /** Ends the start when aborted, and leaves nothing running. */
  readonly signal?: AbortSignal | undefined;
}

/** A registry that this process started. `await using` stops it at the end of the block. */
export interface LocalRegistry extends AsyncDisposable {
  /** Its address for `--schema-registry`. */
  readonly url: string;
  /** Resolves with its exit code when it ends; above 128 for a signal. */
  readonly ended: Promise<number>;
  /** Stops it in order. */
  stop(): Promise<void>;
}

const log = getLogger(["wikitap", "registry"]);

/** The maximum size of Java's heap, in MiB. */
const HEAP = 192;

/** How long it may take until it answers, in ms. */
const START_LIMIT = 60_000;

/**
 * Starts a real schema registry (Apicurio, with Confluent's API) on 127.0.0.1, and returns when it
 * answers. Readers of old schemas must be able to read new ones (`BACKWARD`), as in Confluent's own
 * registry.
 *
 * @throws {UserError} if Java 17 or Maven is missing; if the port is in use; if a registry runs in
 * the folder already; if it ends or does not answer in time.
 */
export async function startRegistry(options: RegistryOptions): Promise<LocalRegistry> {
  const { port: wanted = 8081, clean = false, detached = false, signal } = options;
  const java = await findJava();
  const jar = await registryJar(signal);
  await Deno.mkdir(options.directory, { recursive: true });
  // Absolute and without links: it distinguishes this process from others.
  const directory = await Deno.realPath(options.directory);
  using _lock = await lockFile(`${directory}/lock`, {
    signal,
    onWait: () => log.info("Waiting for another process that starts a registry here"),
  });
  const running = await runningRegistry(directory);
  if (running !== undefined) {
    throw new UserError(
      `Cannot start a registry: one runs in '${directory}' already, process ${running.pid}`,
      {
        hint: "Stop it first: deno task registry stop",
      },
    );
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
      name: "the registry",
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

/** The current state of a registry. */
export interface RegistryStatus {
  /** Its address for `--schema-registry`. */
  readonly url: string;
  /** The id of its process; `undefined` if it does not run. */
  readonly pid: number | undefined;
  /** Whether it answers requests. */
  readonly answers: boolean;
}

/** Returns the state of the registry in a folder, no matter which process started it. */
export async function registryStatus(path: string): Promise<RegistryStatus | undefined> {
  const directory = await Deno.realPath(path).catch(() => undefined);
  if (directory === undefined) return undefined;
  const url = await Deno.readTextFile(files(directory).address).catch(() => undefined);
  if (url === undefined) return undefined;
  const pid = (await runningRegistry(directory))?.pid;
  return { url, pid, answers: pid !== undefined && await answers(url) };
}

/**
 * Stops the registry in a folder in order, no matter which process started it.
 *
 * @returns Whether one ran.
 * @throws {UserError} if its process cannot be stopped.
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

/** Returns the argument that identifies the process in its command line. */
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
    // By default it keeps schemas in memory, and records of earlier runs could not be read.
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

/** Sets Confluent's default rule. Apicurio has none at first; a rule that was set is kept. */
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
