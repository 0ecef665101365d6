import fc from "./fast_check.ts";

/** How many cases, and those that failed once. */
export interface FuzzOptions {
  /** Cases, unless the variable FUZZ_RUNS says how many. */
  readonly runs: number;
  /** Counterexamples that were found before: tried first, always. */
  readonly found?: readonly { readonly seed: number; readonly path: string }[];
}

/**
 * A test that tries a property with random cases, others each time. When one fails, fast-check says
 * its seed and path: they go to `found`. `deno task fuzz` tries a million, and names the seed.
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
