import { getLogger, type Logger } from "@logtape/logtape";
import { ExitCode, UsageError, UserError } from "../../shared/error.ts";
import { watchLaunchers } from "../../local/process/launchers.ts";
import { unlessStopped, untilAborted } from "../../shared/sleep.ts";
import { writeOutput } from "../../terminal/output.ts";

/** A service on this machine: what `start`, `stop` and `status` of its task do. */
export interface Service {
  /** For people: `Kafka`; in lower case it is its task and its station in the log. */
  readonly name: string;
  /** The address of one that answers and is as good as a new one, where there is such a one. */
  find(): Promise<string | undefined>;
  /** Starts it, and returns when it answers; rejects when `signal` is aborted before that. */
  start(signal: AbortSignal): Promise<StartedService>;
  /** Stops it, whoever started it, and says whether it ran. */
  stop(): Promise<boolean>;
  /** Its processes, running or not. */
  status(): Promise<readonly ServiceProcess[]>;
}

/** A service that this process started; to dispose of it stops it. */
export interface StartedService extends AsyncDisposable {
  /** Where it is, for the flags of other programs. */
  readonly address: string;
  /** Resolves when one of its processes ends that nobody here asked to. */
  readonly ended: Promise<{
    readonly name: string;
    /** Over 128 for a signal. */
    readonly code: number;
    /** The path of its log. */
    readonly log: string;
  }>;
}

/** A process of a service. */
export interface ServiceProcess {
  readonly address: string;
  /** Which of them it is, where there are several. */
  readonly name?: string;
  /** `undefined` while it does not run. */
  readonly pid: number | undefined;
  readonly answers: boolean;
}

/** How it is to be started. */
interface StartFlags {
  /** To return when it answers, and let it live on. */
  readonly detach: boolean;
  /** To drop the data of earlier runs, so that one that runs is not as good. */
  readonly clean: boolean;
}

/** What a Java that was asked to stop returns. */
const ENDED_BY_SIGTERM = 128 + 15;

/**
 * Does what the first operand says: `start`, `stop` or `status`.
 *
 * @throws {UsageError} for any other operand, or none.
 * @throws {UserError} when it cannot be started or stopped, or ends by itself.
 */
export async function runService(
  service: Service,
  { operands: [command], ...flags }: StartFlags & { readonly operands: readonly string[] },
  stop: AbortSignal,
): Promise<ExitCode | void> {
  const log = getLogger(["wikitap", service.name.toLowerCase()]);
  switch (command) {
    case "start":
      return await start(service, flags, stop, log);
    case "stop":
      return log.info(await service.stop() ? "Stopped" : `No ${service.name} runs here`);
    case "status":
      return await tellStatus(service);
    default:
      throw new UsageError(
        command === undefined ? "Say what to do" : `Unknown command '${command}'`,
        { hint: "One of start, stop, status; see --help" },
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
    log.info(`This ${service.name} runs already`);
    return writeOutput(`${found}\n`);
  }
  await using launchers = await watchLaunchers();
  const signal = AbortSignal.any([stop, launchers.signal]);
  const started = await unlessStopped(signal, service.start(signal));
  if (started === undefined) return;
  writeOutput(`${started.address}\n`);
  if (detach) {
    log.info(`It answers, and runs until: deno task ${service.name.toLowerCase()} stop`);
  } else await stayInForeground(started, signal, log);
}

/** Until a signal, our launcher's end, `stop` from elsewhere, or the end of a process. */
async function stayInForeground(
  started: StartedService,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  await using _running = started;
  log.info("It answers; Ctrl-C stops it");
  const ended = await Promise.race([started.ended, untilAborted(signal)]);
  if (ended !== undefined && ended.code !== ENDED_BY_SIGTERM) {
    throw new UserError(`${ended.name} ended: exit code ${ended.code}`, {
      hint: `Its log: '${ended.log}'`,
    });
  }
  log.info("Stopping");
}

async function tellStatus({ name, status }: Service): Promise<ExitCode> {
  const processes = await status();
  if (processes.every(({ pid }) => pid === undefined)) {
    writeOutput(`No ${name} runs here\n`);
    return ExitCode.failure;
  }
  for (const { address, name, pid, answers } of processes) {
    const state = pid === undefined
      ? "does not run"
      : `process ${pid}, ${answers ? "answers" : "does not answer"}`;
    writeOutput(`${address}  ${name === undefined ? "" : `${name}: `}${state}\n`);
  }
  return processes.every(({ answers }) => answers) ? ExitCode.done : ExitCode.failure;
}
