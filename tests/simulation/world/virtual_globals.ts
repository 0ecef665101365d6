import type { Random } from "./random.ts";
import type { Happening, Scheduler } from "./scheduler.ts";

/** The platform's clocks, timers and randomness, which would make histories differ between runs. */
const NAMES = ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"] as const;

/**
 * Replaces the platform's time and randomness by virtual ones while `run` runs. It must be
 * synchronous, so that no other code sees them.
 */
export function withVirtualGlobals(scheduler: Scheduler, world: Random, run: () => void): void {
  const target = globalThis as unknown as Record<string, unknown>;
  const real = NAMES.map((name) => [name, target[name]] as const);
  const { random } = Math;
  const { randomUUID, getRandomValues } = crypto;
  const performanceNow = performance.now;
  const draws = () => scheduler.current?.random ?? world;
  const now = () => scheduler.current?.clock(scheduler.now) ?? Math.floor(scheduler.now);
  try {
    Object.assign(target, { Date: virtualDate(now), ...virtualTimers(scheduler) });
    Math.random = () => draws().next();
    crypto.randomUUID = () => draws().uuid() as ReturnType<typeof randomUUID>;
    crypto.getRandomValues = (array) => {
      const bytes = new Uint8Array(array!.buffer, array!.byteOffset, array!.byteLength);
      for (let i = 0; i < bytes.length; i++) bytes[i] = draws().int(0, 255);
      return array;
    };
    performance.now = () => scheduler.now - (scheduler.current?.bornAt ?? 0);
    run();
  } finally {
    for (const [name, value] of real) target[name] = value;
    Math.random = random;
    crypto.randomUUID = randomUUID;
    crypto.getRandomValues = getRandomValues;
    performance.now = performanceNow;
  }
}

function virtualDate(now: () => number): DateConstructor {
  const RealDate = Date;
  return class extends RealDate {
    constructor(...args: unknown[]) {
      super(...(args.length === 0 ? [now()] : args) as [number]);
    }
    static override now = now;
  } as unknown as DateConstructor;
}

function virtualTimers(scheduler: Scheduler) {
  const timers = new Map<number, Happening>();
  let last = 0;
  const clear = (id: number | undefined) => {
    const happening = timers.get(id!);
    if (happening === undefined) return;
    happening.run = undefined;
    timers.delete(id!);
  };
  const setTimeout = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    const id = ++last;
    timers.set(
      id,
      scheduler.after(ms, () => {
        timers.delete(id);
        run(...args);
      }),
    );
    return id;
  };
  const setInterval = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    const id = ++last;
    const again = () => {
      timers.set(id, scheduler.after(Math.max(1, ms), again));
      run(...args);
    };
    timers.set(id, scheduler.after(Math.max(1, ms), again));
    return id;
  };
  return { setTimeout, setInterval, clearTimeout: clear, clearInterval: clear };
}
