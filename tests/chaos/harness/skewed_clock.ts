/**
 * Sets the clock of the program that preloads it. `--preload=skewed_clock.ts?[[0,-600000]]` has
 * pairs of a time since the program's start and the difference to the right time, both in ms. Each
 * step that the program sees is printed once.
 */
import { writeError } from "../../../lib/terminal/output.ts";

const steps: [at: number, skew: number][] = JSON.parse(
  decodeURIComponent(new URL(import.meta.url).search.slice(1)),
);
const now = Date.now;
let skew = 0;

Date.now = () => {
  while (steps.length > 0 && performance.now() >= steps[0]![0]) {
    skew = steps.shift()![1];
    writeError(`clock: ${skew} ms\n`);
  }
  return now() + skew;
};
