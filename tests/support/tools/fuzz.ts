import fc from "./fast_check.ts";

/** The number of cases, and those that failed once. */
export interface FuzzOptions {
  /** The number of cases, unless the variable FUZZ_RUNS sets it. */
  readonly runs: number;
  /** Counterexamples that were found before, which are always tried first. */
  readonly found?: readonly { readonly seed: number; readonly path: string }[];
}

/**
 * Declares a test that checks a property with new random cases each time. If one fails, fast-check
 * prints its seed and path: add them to `found`. `deno task fuzz` tries a million, and prints the
 * seed.
 */
export function fuzz<T>(name: string, property: fc.IProperty<T>, options: FuzzOptions): void {
  const asked = Number(Deno.env.get("FUZZ_RUNS") ?? 0);
  const numRuns = asked || options.runs;
  const seed = crypto.getRandomValues(new Int32Array(1))[0]!;
  Deno.test(asked === 0 ? name : `${name} (${numRuns} cases, seed ${seed})`, () => {
    for (const { seed, path } of options.found ?? []) fc.assert(property, { seed, path });
    fc.assert(property, { seed, numRuns });
  });
}
