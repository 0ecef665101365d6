import { getLogger } from "@logtape/logtape";
import { errorChain, ExitCode, UsageError, UserError } from "../shared/error.ts";
import {
  ClosedOutput,
  flushErrors,
  writeError,
  writeFooter,
  writeOutput,
} from "../terminal/output.ts";
import { safeText } from "../terminal/safe_text.ts";
import { VERSION } from "../shared/version.ts";
import { type Description, helpText } from "./help.ts";
import { closeLog, configureLog, logOptions, logProcessWarnings } from "./log.ts";
import { type GroupValues, type OptionGroup, parseOptions } from "./option.ts";
import { quote } from "./quote.ts";

/** A program: its description, its options, and the function that runs it. */
export interface Program<G extends readonly OptionGroup[]> extends Description {
  /** Its options, in the order of `--help`. The log options are added. */
  readonly groups: G;
  /** Maximum number of operands (`kafka start` has one). Default 0. */
  readonly operands?: number;
  /**
   * Does the work. SIGINT and SIGTERM abort `stop`: flush pending work and return. Failures are
   * thrown; a `UserError` sets the message and the exit code. The exit code is otherwise the
   * returned one, or 0.
   */
  readonly run: (
    options: GroupValues<[...G, typeof logOptions]> & { readonly operands: readonly string[] },
    stop: AbortSignal,
  ) => Promise<ExitCode | void>;
}

/** The entry point of a program. It never exits the process and never throws. */
export interface Main {
  (args: readonly string[]): Promise<ExitCode>;
  /** The description of the program, and all of its options. */
  readonly manual: Description & { readonly groups: readonly OptionGroup[] };
}

/**
 * Returns the `main` of a program, which handles options, help, version, logs, signals, errors and
 * the exit code. Its file in `scripts/` ends with `if (import.meta.main) await runMain(main)`.
 */
export function program<const G extends readonly OptionGroup[]>(declared: Program<G>): Main {
  const groups = [...declared.groups, logOptions] as const;
  const main = async (args: readonly string[]) => {
    const stop = new AbortController();
    const release = stopOnSignals(stop);
    let log: LogValues | undefined;
    try {
      if (isAsked("help", args)) writeOutput(helpText(declared, groups));
      else if (isAsked("version", args)) writeOutput(`wikitap ${VERSION}\n`);
      else {
        const parsed = parseOptions(groups, args, Deno.env.get);
        const options = parsed as unknown as Parameters<typeof declared.run>[0] & LogValues;
        checkOperands(options.operands, declared.operands ?? 0);
        configureLog(options);
        log = options;
        return await declared.run(options, stop.signal) ?? ExitCode.done;
      }
      return ExitCode.done;
    } catch (caught) {
      const error = firstFailure(caught);
      if (error instanceof ClosedOutput) return ExitCode.done;
      const reported = error instanceof Deno.errors.NotCapable ? permissionMissing(error) : error;
      if (log?.logFormat === "json") logError(reported);
      else writeError(errorText(reported, log?.logLevel === "debug"));
      closeLog();
      return reported instanceof UserError ? reported.exitCode : ExitCode.failure;
    } finally {
      release();
    }
  };
  return Object.assign(main, { manual: { ...declared, groups } });
}

type LogValues = GroupValues<[typeof logOptions]> & { operands: readonly string[] };

/**
 * Runs `main` as the process and sets the exit code. Ends the process after one second if a
 * resource that cannot be closed keeps it alive, such as a socket during its TLS handshake.
 */
export async function runMain(
  main: (args: readonly string[]) => Promise<ExitCode>,
): Promise<void> {
  logProcessWarnings();
  // npm users write `deno task consume -- --max-messages 1`.
  Deno.exitCode = await main(Deno.args[0] === "--" ? Deno.args.slice(1) : Deno.args);
  await flushErrors();
  Deno.unrefTimer(setTimeout(() => Deno.exit(), 1000));
}

/** Finds `--help` and `--version` at any position, even beside wrong usage. */
function isAsked(name: string, args: readonly string[]): boolean {
  return args.includes(`--${name}`);
}

function checkOperands(operands: readonly string[], most: number): void {
  const extra = operands[most];
  if (extra === undefined) return;
  throw new UsageError(`Cannot parse the command line: unexpected argument ${quote(extra)}`, {
    hint: "See --help",
  });
}

/**
 * Time in ms in which a second signal counts as the same Ctrl-C: the program gets one signal from
 * the terminal, and another from `deno task`, which passes its own on.
 */
const SAME_SIGNAL = 300;

/** Aborts `stop` at the first signal. Ends the process at the second, without publishing more. */
function stopOnSignals(stop: AbortController): () => void {
  const signals = ["SIGINT", "SIGTERM"] as const;
  let stoppedAt = 0;
  const onSignal = () => {
    if (!stop.signal.aborted) {
      stoppedAt = performance.now();
      stop.abort();
    } else if (performance.now() - stoppedAt > SAME_SIGNAL) {
      writeFooter("");
      Deno.exit(ExitCode.failure);
    }
  };
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  return () => {
    // Without a listener, the second signal of one Ctrl-C would kill a program that is finishing.
    if (stop.signal.aborted) return;
    for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
  };
}

/**
 * Returns what failed before resources were disposed of. A disposal that fails too wraps it, and is
 * usually a consequence: a client cannot leave a Kafka that cannot be reached.
 */
function firstFailure(error: unknown): unknown {
  return error instanceof SuppressedError ? firstFailure(error.suppressed) : error;
}

/**
 * Deno's message names the permission and its flag: `Requires env access to "X", run again with …`.
 */
function permissionMissing(error: Error): UserError {
  return new UserError(`Cannot continue without a Deno permission: ${error.message}`, {
    hint: "Run the program with permissions of your own, as docs/security.md shows",
  });
}

/** Formats an error: `error: …`, details, hint, causes. `debug` adds the stack. */
export function errorText(error: unknown, debug: boolean): string {
  const lines: string[] = [`error: ${messageOf(error)}`];
  if (error instanceof UserError) lines.push(...error.details.map((detail) => `  | ${detail}`));
  if (error instanceof UserError && error.hint !== undefined) lines.push(`  ${error.hint}`);
  lines.push(...causesOf(error).map((cause) => `  cause: ${cause}`));
  if (!(error instanceof UserError)) lines.push("  This is a bug in wikitap, please report it");
  const text = lines.map((line) => safeText(line)).join("\n");
  const stack = debug && error instanceof Error ? `\n${error.stack}` : "";
  return `${text}${stack}\n`;
}

/** Logs the same facts as one JSON line. */
function logError(error: unknown): void {
  const { details = [], hint } = error instanceof UserError ? error : {};
  getLogger(["wikitap"]).error("{error}", {
    error: messageOf(error),
    details,
    hint,
    causes: causesOf(error),
  });
}

/** Returns the messages of at most five causes, the nearest first. */
function causesOf(error: unknown): string[] {
  return errorChain(error).slice(1, 6).map(messageOf);
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof UserError || error.name === "Error"
    ? error.message
    : `${error.name}: ${error.message}`;
}
