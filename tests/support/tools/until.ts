import { sleep } from "../../../lib/shared/sleep.ts";

/**
 * Looks again and again until something is so, and says what was seen then.
 *
 * @param isSo Default: what is seen is true, or not nothing.
 * @param limit How long that may take, in ms; default 30 s.
 * @throws {Error} with what was seen last.
 */
export async function until<T>(
  look: () => T | Promise<T>,
  isSo: (seen: T) => boolean = Boolean,
  limit = 30_000,
): Promise<T> {
  const deadline = performance.now() + limit;
  while (true) {
    const seen = await look();
    if (isSo(seen)) return seen;
    if (performance.now() > deadline) {
      throw new Error(`Not so after ${limit} ms: ${Deno.inspect(seen)} of ${look}, ${isSo}`);
    }
    await sleep(20);
  }
}
