import { Random } from "../../simulation/world/random.ts";
import { inTask, Scheduler } from "../../simulation/world/scheduler.ts";
import { withVirtualGlobals } from "../../simulation/world/virtual_globals.ts";

/** The limits of virtual time in ms, and of timers, for a test that runs forever. */
const LIMIT_MS = 3_600_000;
const LIMIT_TIMERS = 100_000;

/**
 * Runs a test in virtual time: timers, `Date` and `performance.now()` advance to the next timer
 * when nothing else can run. The test must not use files, processes or the network.
 *
 * @throws {Error} if the test still runs after an hour of virtual time, or after 100,000 timers.
 */
export function inVirtualTime(test: () => Promise<void>): () => Promise<void> {
  return () =>
    inTask(() => {
      const scheduler = new Scheduler(Date.UTC(2026, 0, 1));
      let outcome: { error?: unknown } | undefined;
      withVirtualGlobals(scheduler, Random.of(1, "virtual time"), () => {
        scheduler.enter(undefined, () => {
          test().then(() => outcome = {}, (error) => outcome = { error });
        });
        const isOver = () => outcome !== undefined || scheduler.steps > LIMIT_TIMERS;
        scheduler.run(scheduler.now + LIMIT_MS, isOver);
      });
      if (outcome === undefined) {
        throw new Error("The test does not end: see the bounds of inVirtualTime()");
      }
      if ("error" in outcome) throw outcome.error;
    });
}
