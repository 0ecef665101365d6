import { getLogger, type Logger } from "@logtape/logtape";
import { ExitCode, UsageError, UserError } from "../../../shared/error.ts";
import { watchLaunchers } from "../../../local/process/launchers.ts";
import { unlessStopped, untilAborted } from "../../../shared/sleep.ts";
import { writeOutput } from "../../../terminal/output.ts";
import { quote } from "../../quote.ts";

/** A service on this machine, as `start`, `stop` and `status` of its task use it. */
export interface Service {
  /** The name: `Kafka`. In lower case it is the name of the task and of the logger. */
  readonly name: string;
  /** Returns the address of a running service that answers and matches the options, if any. */
  find(): Promise<string | undefined>;
  /** Starts the service and resolves when it answers. Rejects if `signal` is aborted first. */
  start(signal: AbortSignal): Promise<StartedService>;
  /** Stops the service, also one of another process. Resolves with whether it ran. */
  stop(): Promise<boolean>;
  /** Returns the processes of the service, running or not. */
  status(): Promise<readonly ServiceProcess[]>;
}

/** A service that this process started. Disposing of it stops it. */
export interface StartedService extends AsyncDisposable {
  /** The address, as the options of other programs take it. */
  readonly address: string;
  /** Resolves when a process of the service ends unexpectedly. */
  readonly ended: Promise<{
    /** The process: `broker 1`. */
    readonly name: string;
    /** The exit code; above 128 for a signal. */
    readonly code: number;
    /** The path of its log. */
    readonly log: string;
  }>;
}

/** A process of a service. */
export interface ServiceProcess {
  /** The address: `127.0.0.1:9092`. */
  readonly address: string;
  /** The name, if there are several processes. */
  readonly name?: string;
  /** The process id; `undefined` if the process does not run. */
  readonly pid: number | undefined;
  /** Whether the process answers requests. */
  readonly answers: boolean;
}

/** Options of `start`. */
export interface StartFlags {
  /** Whether `start` returns when the service answers, and leaves it running. */
  readonly detach: boolean;
  /** Whether the data of earlier runs is deleted. A running service then does not match. */
  readonly clean: boolean;
}

/** Exit code of a Java process that got SIGTERM. */
const ENDED_BY_SIGTERM = 128 + 15;

/**
 * Runs the command of the first operand: `start`, `stop` or `status`.
 *
 * @throws {UsageError} for any other operand, or none.
 * @throws {UserError} if the service cannot be started or stopped, or ends unexpectedly.
 */
export async function runService(
  service: Service,
  { operands: [command], ...flags }: StartFlags & { readonly operands: readonly string[] },
  stop: AbortSignal,
): Promise<ExitCode | void> {
  const task = service.name.toLowerCase();
  const log = getLogger(["wikitap", task]);
  switch (command) {
    case "start":
      return await start(service, flags, stop, log);
    case "stop":
      return log.info(await service.stop() ? "Stopped" : `${service.name} is not running`);
    case "status":
      return await printStatus(service);
    default:
      throw new UsageError(
        command === undefined
          ? "Cannot run without a command: expected start, stop or status"
          : `Cannot run the command ${quote(command)}: expected start, stop or status`,
        { hint: `Run 'deno task ${task} --help'` },
      );
  }
}

async function start(
  service: Service,
  { detach, clean }: StartFlags,
  stop: AbortSignal,
  log: Logger,
): Promise<void> {
  const found = clean ? undefined : await service.find();
  if (found !== undefined) {
    log.info(`${service.name} is already running`);
    return writeOutput(`${found}\n`);
  }
  await using launchers = await watchLaunchers();
  const signal = AbortSignal.any([stop, launchers.signal]);
  const started = await unlessStopped(signal, service.start(signal));
  if (started === undefined) return;
  writeOutput(`${started.address}\n`);
  if (detach) {
    log.info(`Ready; to stop it: deno task ${service.name.toLowerCase()} stop`);
  } else await stayInForeground(started, signal, log);
}

/**
 * Waits for a signal, the end of our launcher, `stop` of another process, or the end of a process.
 */
async function stayInForeground(
  started: StartedService,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  await using _running = started;
  log.info("Ready; press Ctrl-C to stop");
  const ended = await Promise.race([started.ended, untilAborted(signal)]);
  if (ended !== undefined && ended.code !== ENDED_BY_SIGTERM) {
    throw new UserError(`Cannot continue: ${ended.name} ended with exit code ${ended.code}`, {
      hint: `See its log: '${ended.log}'`,
    });
  }
  log.info("Stopping");
}

async function printStatus({ name, status }: Service): Promise<ExitCode> {
  const processes = await status();
  if (processes.every(({ pid }) => pid === undefined)) {
    writeOutput(`${name} is not running\n`);
    return ExitCode.failure;
  }
  for (const { address, name, pid, answers } of processes) {
    const state = pid === undefined
      ? "not running"
      : `process ${pid}, ${answers ? "answers" : "does not answer"}`;
    writeOutput(`${address}  ${name === undefined ? "" : `${name}: `}${state}\n`);
  }
  return processes.every(({ answers }) => answers) ? ExitCode.done : ExitCode.failure;
}
