/** The totals of a test run. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
  /** The names of the tests and steps that were skipped. */
  readonly skipped: readonly string[];
}

/**
 * Counts the tests in a JUnit report of `deno test`. Skipped tests count as neither.
 *
 * @param report Empty if the run ended before it wrote one.
 * @param code The exit code of the run. A failure outside of the tests (a file that does not load,
 * a crash, a leak at the end) counts as one more failed test.
 */
export function count(report: string, code: number): Totals {
  const [, tests, failures, errors] =
    /<testsuites [^>]*tests="(\d+)" failures="(\d+)" errors="(\d+)"/.exec(report) ??
      ["", "0", "0", "0"];
  const failed = Number(failures) + Number(errors);
  const skipped = [...report.matchAll(/<testcase name="([^"]*)"[^>]*>\s*<skipped\b/g)]
    .map(([, name]) => unescaped(name!));
  return {
    passed: Number(tests) - failed - skipped.length,
    failed: code !== 0 && failed === 0 ? 1 : failed,
    skipped,
  };
}

const CHARACTERS = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(
    /&(amp|lt|gt|quot|apos);/g,
    (_, name) => CHARACTERS[name as keyof typeof CHARACTERS],
  );
}
