import { NamedError } from "../shared/error.ts";
import { sleep, within } from "../shared/sleep.ts";

const encoder = new TextEncoder();

/**
 * The error if the reader of stdout has closed it (`… | head`), or reads nothing while the program
 * stops. It ends a program, but is not a failure.
 */
export class ClosedOutput extends NamedError {}

/**
 * Writes all of `text` to stdout, in order, before it returns.
 *
 * @throws {ClosedOutput} if the reader has closed stdout; `console.log` would hide that.
 */
export function writeOutput(text: string | Uint8Array): void {
  if (footer === "" || !Deno.stdout.isTerminal()) return writeAll(Deno.stdout, text);
  const shown = footer;
  writeFooter("");
  writeAll(Deno.stdout, text);
  writeFooter(shown);
}

/** How long the reader of a pipe may take to read the rest of the output after a stop, in ms. */
const LAST_OUTPUT_MS = 500;

/**
 * Writes all of `text` to stdout, as slowly as its reader takes it. Meanwhile the program handles
 * signals and answers of brokers. Nothing else may be written to stdout before it returns.
 *
 * @param stop Stops the program. The reader then has 500 ms to read the rest.
 * @throws {ClosedOutput} if the reader has closed stdout, or took too long after `stop`.
 */
export async function writeOutputSlowly(
  text: string | Uint8Array,
  stop: AbortSignal,
): Promise<void> {
  // A terminal takes all at once, and the last line of it is below the output.
  if (Deno.stdout.isTerminal()) return writeOutput(text);
  const { promise: late, resolve } = Promise.withResolvers<void>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onStop = () => timer = setTimeout(resolve, LAST_OUTPUT_MS);
  if (stop.aborted) onStop();
  else stop.addEventListener("abort", onStop);
  try {
    let rest = typeof text === "string" ? encoder.encode(text) : text;
    while (rest.length > 0) {
      const count = await Promise.race([writeSome(Deno.stdout, rest), late]);
      if (typeof count !== "number") throw new ClosedOutput();
      rest = rest.subarray(count);
    }
  } finally {
    stop.removeEventListener("abort", onStop);
    clearTimeout(timer);
  }
}

async function writeSome(
  to: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<number> {
  try {
    return await to.write(bytes);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) throw new ClosedOutput();
    if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    // A pipe that another process has made non-blocking is full.
    await sleep(FULL_PIPE_MS);
    return 0;
  }
}

/** How long to wait for a full pipe that does not block, in ms. */
const FULL_PIPE_MS = 10;

/** The maximum text that waits for the reader of stderr, in characters; more is dropped. */
const MAX_WAITING = 1024 * 1024;

/** The waiting text for stderr, and the promise of its write. */
let waiting = "";
let writing: Promise<void> | undefined;

/**
 * Writes whole lines to stderr. A closed stderr is ignored. The program does not wait for the
 * reader of a pipe, since it must handle signals and answers of brokers even if nothing reads the
 * pipe.
 */
export function writeError(text: string): void {
  if (Deno.stderr.isTerminal()) {
    try {
      writeAll(Deno.stderr, footer === "" ? text : `${ERASE}${text}${footer}\r`);
    } catch (error) {
      if (!(error instanceof ClosedOutput)) throw error;
    }
    return;
  }
  if (waiting.length + text.length > MAX_WAITING) return;
  waiting += text;
  writing ??= writeWaiting();
}

/** Waits until all text for stderr is written, for at most 500 ms. */
export async function flushErrors(): Promise<void> {
  if (writing !== undefined) await within(LAST_OUTPUT_MS, writing);
}

async function writeWaiting(): Promise<void> {
  try {
    while (waiting !== "") {
      let rest = encoder.encode(waiting);
      waiting = "";
      while (rest.length > 0) rest = rest.subarray(await writeSome(Deno.stderr, rest));
    }
  } catch {
    // A closed stderr, or a full disk: there is nowhere to report it.
  } finally {
    writing = undefined;
  }
}

/** The last line of the terminal, or "". */
let footer = "";

/** Moves to the beginning of the line and erases everything after it. */
const ERASE = "\r\x1b[J";

/**
 * Shows one line at the bottom of the terminal (stderr), and keeps it below everything that is
 * written later, which must be whole lines. "" removes it. The line must be narrower than the
 * terminal.
 *
 * The cursor stays at the beginning of the line. So the whole line can be erased even if the
 * terminal has become narrower and has wrapped it.
 */
export function writeFooter(text: string): void {
  if (text === footer) return;
  const before = footer === "" ? "" : ERASE;
  footer = "";
  writeError(text === "" ? before : `${before}${text}\r`);
  footer = text;
}

/** Returns the width of the terminal in columns, or 80 if it is unknown. */
export function terminalWidth(): number {
  try {
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80;
  }
}

function writeAll(to: { writeSync(bytes: Uint8Array): number }, text: string | Uint8Array): void {
  let rest = typeof text === "string" ? encoder.encode(text) : text;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(to.writeSync(rest));
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) throw new ClosedOutput();
      // A full terminal or pipe that another process has made non-blocking: try again.
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    }
  }
}
