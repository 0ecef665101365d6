import { sleep } from "../../shared/sleep.ts";

/** How often it is tried, in ms. */
const POLL = 200;

/**
 * Waits until this process alone holds the lock file at `path`, and holds it until disposed of.
 * The system frees it when its holder dies, however that happens.
 *
 * @param onWait Called once if another process holds it.
 * @throws The reason of `signal`, when that is aborted while waiting.
 */
export async function lockFile(
  path: string,
  { signal, onWait }: { signal?: AbortSignal | undefined; onWait?: () => void } = {},
): Promise<Disposable> {
  const file = await Deno.open(path, { create: true, write: true });
  try {
    for (let attempt = 0; !await file.tryLock(true); attempt++) {
      if (attempt === 0) onWait?.();
      await sleep(POLL, signal);
      signal?.throwIfAborted();
    }
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}
