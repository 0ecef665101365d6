import { getLogger } from "@logtape/logtape";
import { ExitCode, UsageError, UserError } from "../shared/error.ts";
import { ClosedOutput, writeError, writeFooter, writeOutput } from "../terminal/output.ts";
import { safeText } from "../terminal/safe_text.ts";
import { VERSION } from "../shared/version.ts";
import { type Description, helpText } from "./help.ts";
import { closeLog, configureLog, logOptions, logProcessWarnings } from "./log.ts";
import { type GroupValues, type OptionGroup, parseOptions } from "./option.ts";
import { quote } from "./quote.ts";

/** One program: what it says of itself, its options, and what it does with their values. */
export interface Program<G extends readonly OptionGroup[]> extends Description {
  readonly groups: G;
  /** How many words without a dash it takes (`kafka start`): none by default. */
  readonly operands?: number;
  /**
   * Does the work. `stop` is aborted by SIGINT or SIGTERM: finish what is in hand and return.
   * Failures are thrown; a `UserError` is told in its words and decides the exit code. Without one
   * it is 0, or what is returned.
   */
  readonly run: (
    options: GroupValues<[...G, typeof logOptions]> & { readonly operands: readonly string[] },
    stop: AbortSignal,
  ) => Promise<ExitCode | void>;
}

/** A program that can be run: `main(args)` never exits and never throws. */
export interface Main {
  (args: readonly string[]): Promise<ExitCode>;
  /** What it says of itself, and all of its options. */
  readonly manual: Description & { readonly groups: readonly OptionGroup[] };
}

/**
 * Makes the `main` of a program: options, help, version, logs, signals, errors and the exit code.
 * A program's last line is `if (import.meta.main) await runMain(main)`.
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
    } catch (error) {
      if (error instanceof ClosedOutput) return ExitCode.done;
      const told = error instanceof Deno.errors.NotCapable ? permissionMissing(error) : error;
      if (log?.logFormat === "json") logError(told);
      else writeError(errorText(told, log?.logLevel === "debug"));
      closeLog();
      return told instanceof UserError ? told.exitCode : ExitCode.failure;
    } finally {
      release();
    }
  };
  return Object.assign(main, { manual: { ...declared, groups } });
}

type LogValues = GroupValues<[typeof logOptions]> & { operands: readonly string[] };

/**
 * Runs `main` as the process: sets the exit code, and ends the process a second later if something
 * that cannot be closed (a socket in the middle of a handshake) would keep it alive.
 */
export async function runMain(
  main: (args: readonly string[]) => Promise<ExitCode>,
): Promise<void> {
  logProcessWarnings();
  // As npm's users write it: `deno task consume -- --max-messages 1`.
  Deno.exitCode = await main(Deno.args[0] === "--" ? Deno.args.slice(1) : Deno.args);
  Deno.unrefTimer(setTimeout(() => Deno.exit(), 1000));
}

/** `--help` and `--version` are obeyed wherever they stand, even beside wrong usage. */
function isAsked(name: string, args: readonly string[]): boolean {
  return args.includes(`--${name}`);
}

function checkOperands(operands: readonly string[], most: number): void {
  const extra = operands[most];
  if (extra === undefined) return;
  throw new UsageError(`Unexpected argument ${quote(extra)}`, { hint: "See --help" });
}

/**
 * A Ctrl-C is one signal from the terminal, and another one from `deno task`, which has it too and
 * passes it on: what follows the first within so many ms is the same.
 */
const SAME_SIGNAL = 300;

/** First signal: stop in order. Second: end at once, with nothing more published. */
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
    // Without a listener, the same signal once more would kill what has just come to its end.
    if (stop.signal.aborted) return;
    for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
  };
}

/** Deno's message names the permission and its flag: `Requires env access to "X", run again with …`. */
function permissionMissing(error: Error): UserError {
  return new UserError(`Missing Deno permission: ${error.message}`, {
    hint: "Run the program with permissions of your own, as docs/security.md shows",
  });
}

/** `error: …`, its details, what to do, then the causes; a stack only for defects and with `--log-level debug`. */
export function errorText(error: unknown, debug: boolean): string {
  const lines: string[] = [`error: ${messageOf(error)}`];
  if (error instanceof UserError) lines.push(...error.details.map((detail) => `  | ${detail}`));
  if (error instanceof UserError && error.hint !== undefined) lines.push(`  ${error.hint}`);
  lines.push(...causesOf(error).map((cause) => `  cause: ${cause}`));
  if (!(error instanceof UserError)) lines.push("  This is a defect of wikitap, please report it");
  const text = lines.map((line) => safeText(line)).join("\n");
  const stack = debug && error instanceof Error ? `\n${error.stack}` : "";
  return `${text}${stack}\n`;
}

/** The same as a line of the log, for machines. */
function logError(error: unknown): void {
  const { details = [], hint } = error instanceof UserError ? error : {};
  getLogger(["wikitap"]).error("{error}", {
    ...{ error: messageOf(error), details, hint, causes: causesOf(error) },
  });
}

/** What led to it, the nearest first; five at the most. */
function causesOf(error: unknown): string[] {
  const causes: string[] = [];
  for (let e = causeOf(error); e !== undefined && causes.length < 5; e = causeOf(e)) {
    causes.push(messageOf(e));
  }
  return causes;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof UserError || error.name === "Error"
    ? error.message
    : `${error.name}: ${error.message}`;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
