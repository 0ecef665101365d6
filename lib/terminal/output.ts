const encoder = new TextEncoder();

/** The reader of stdout is gone (`… | head`): the end of a program's work, not a failure. */
export class ClosedOutput extends Error {
  override readonly name = "ClosedOutput";
}

/**
 * Writes all of `text` to stdout, in order, before it returns.
 *
 * @throws {ClosedOutput} when nobody reads any more; `console.log` would hide that.
 */
export function writeOutput(text: string | Uint8Array): void {
  if (footer === "" || !Deno.stdout.isTerminal()) return writeAll(Deno.stdout, text);
  const shown = footer;
  writeFooter("");
  writeAll(Deno.stdout, text);
  writeFooter(shown);
}

/** Writes to stderr; a closed stderr is no reason to stop working. */
export function writeError(text: string): void {
  try {
    writeAll(Deno.stderr, footer === "" ? text : `${ERASE}${text}${footer}\r`);
  } catch (error) {
    if (!(error instanceof ClosedOutput)) throw error;
  }
}

/** What stands in the last line of the terminal; "" is nothing. */
let footer = "";

/** To the beginning of the line, and everything away from there on. */
const ERASE = "\r\x1b[J";

/**
 * Shows one line at the bottom of the terminal that stderr has to be, in the place of the one before,
 * and keeps it below all that is written from then on, which has to be whole lines. "" takes it
 * away. It must be narrower than the terminal.
 *
 * The cursor stands at its beginning, so that it goes away as a whole also where the terminal was
 * made narrower meanwhile and has wrapped it into several rows.
 */
export function writeFooter(text: string): void {
  if (text === footer) return;
  const before = footer === "" ? "" : ERASE;
  footer = "";
  writeError(text === "" ? before : `${before}${text}\r`);
  footer = text;
}

/** Columns of the terminal, 80 where it does not say. */
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
      // A terminal or pipe that another process made non-blocking, and that is full just now.
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    }
  }
}
