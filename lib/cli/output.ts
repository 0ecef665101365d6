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
  writeAll(Deno.stdout, text);
}

/** Writes to stderr; a closed stderr is no reason to stop working. */
export function writeError(text: string): void {
  try {
    writeAll(Deno.stderr, text);
  } catch (error) {
    if (!(error instanceof ClosedOutput)) throw error;
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
