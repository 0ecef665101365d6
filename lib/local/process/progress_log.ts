/** How often it is told that something is still going on, in ms. */
const TELL_EVERY = 5000;

/**
 * Waits for work that says nothing itself.
 *
 * @param tell Called every 5 s, with how many seconds it has taken so far.
 */
export async function withProgressLog<T>(
  work: Promise<T>,
  tell: (seconds: number) => void,
): Promise<T> {
  const begin = performance.now();
  const timer = setInterval(
    () => tell(Math.round((performance.now() - begin) / 1000)),
    TELL_EVERY,
  );
  return await work.finally(() => clearInterval(timer));
}
