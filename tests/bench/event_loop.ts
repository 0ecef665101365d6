/**
 * Prints at the end of a program how long its event loop was blocked. Preload it:
 *
 *     deno run --preload tests/bench/event_loop.ts main.ts
 */

/** The interval of the timer, in ms. A longer one means that the loop was blocked. */
const BEAT = 10;

let worst = 0;
let at = performance.now();
const timer = setInterval(() => {
  const now = performance.now();
  worst = Math.max(worst, now - at - BEAT);
  at = now;
}, BEAT);
Deno.unrefTimer(timer);

addEventListener("unload", () => {
  // deno-lint-ignore no-console
  console.error(`event loop blocked for ${Math.round(worst)} ms`);
});
