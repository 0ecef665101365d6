import { untilAborted } from "../shared/sleep.ts";
import { writeError } from "./output.ts";

/**
 * Asks on the terminal, and returns whether the answer is `y`. Unlike the platform's `confirm()`,
 * it does not block signals meanwhile.
 *
 * @param stop Stops the program, which counts as no.
 */
export async function ask(question: string, stop: AbortSignal): Promise<boolean> {
  writeError(`${question} [y/N] `);
  // A terminal passes on a whole line, or nothing for Ctrl-D.
  const line = new Uint8Array(256);
  const count = await Promise.race([Deno.stdin.read(line), untilAborted(stop)]) ?? 0;
  const answer = new TextDecoder().decode(line.subarray(0, count));
  if (!answer.endsWith("\n")) writeError("\n");
  return /^y\r?\n$/i.test(answer);
}
