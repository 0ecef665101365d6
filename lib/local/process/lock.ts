import { sleep } from "../../shared/sleep.ts";

/** The interval of attempts, in ms. */
const POLL = 200;

/**
 * Waits until this process alone holds the lock file at `path`, and holds it until disposed of.
 * The system releases it when its holder ends in any way.
 *
 * @param onWait Called once if another process holds it.
 * @throws The reason of `signal`, if that is aborted while waiting.
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
