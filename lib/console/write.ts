import { sleep } from "../shared/sleep.ts";
import { writeOutput } from "../terminal/output.ts";
import { concat } from "./bytes.ts";

/** What a pipe holds while nobody reads, on Linux; more than that is only written to a reader. */
const PIPE_BYTES = 65_536;

/** How long a reader that has got the lines it wanted may take to be gone, in ms. */
const LEAVING = 50;

/**
 * Writes lines to stdout, and finds out whether the reader of a pipe is gone.
 *
 * That is only told to who writes to it: after `… | head -1` took its line, a program that has
 * written all there is would wait for the next record, maybe for ever. So the last line comes a
 * moment after the others.
 *
 * @throws {ClosedOutput} when nobody reads any more.
 */
export async function writeLines(lines: readonly Uint8Array[], isTerminal: boolean): Promise<void> {
  const bytes = concat(lines);
  if (isTerminal || bytes.length > PIPE_BYTES) return writeOutput(bytes);
  const last = bytes.length - (lines.at(-1)?.length ?? 0);
  writeOutput(bytes.subarray(0, last));
  await sleep(LEAVING);
  writeOutput(bytes.subarray(last));
}
