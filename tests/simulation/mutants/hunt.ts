/**
 * Runs histories from a seed on until one fails or the time is over, and prints the result:
 *
 *     deno run -A tests/simulation/mutants/hunt.ts FROM LIMIT_MS CUTS
 */
import { runHistory } from "../history.ts";
import { type Cuts, Plan, UNCUT } from "../plan.ts";
import { inTask } from "../world/scheduler.ts";

/** The result of a search; `seed` is undefined if it found nothing. */
export interface Found {
  readonly seed?: number;
  readonly kind?: string;
  readonly detail?: string;
  readonly runs: number;
  readonly ms: number;
}

function hunt(from: number, limit: number, cuts: Partial<Cuts>): Found {
  const begun = performance.now();
  for (let runs = 1;; runs++) {
    const seed = from + runs - 1;
    const [failure] = runHistory(new Plan(seed, { ...UNCUT, ...cuts })).failures;
    const ms = performance.now() - begun;
    if (failure !== undefined) return { seed, ...failure, runs, ms };
    if (ms > limit) return { runs, ms };
  }
}

if (import.meta.main) {
  const [from, limit, cuts = "{}"] = Deno.args;
  const found = await inTask(() => hunt(Number(from), Number(limit), JSON.parse(cuts)));
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(found)));
}
