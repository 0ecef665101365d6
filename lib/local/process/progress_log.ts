/** The interval of reports, in ms. */
const REPORT_EVERY = 5000;

/**
 * Waits for work that logs nothing itself.
 *
 * @param report Called every 5 s with the seconds so far.
 */
export async function withProgressLog<T>(
  work: Promise<T>,
  report: (seconds: number) => void,
): Promise<T> {
  const begin = performance.now();
  const timer = setInterval(
    () => report(Math.round((performance.now() - begin) / 1000)),
    REPORT_EVERY,
  );
  return await work.finally(() => clearInterval(timer));
}
