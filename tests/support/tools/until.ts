import { sleep } from "../../../lib/shared/sleep.ts";

/**
 * Reads a value repeatedly until a condition holds, and returns the value.
 *
 * @param isSo The condition. Default: the value is truthy.
 * @param limit How long that may take, in ms; default 30 s.
 * @throws {Error} with the last value.
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
