import type { Random } from "./random.ts";
import type { Happening, Scheduler } from "./scheduler.ts";

/** The history that runs in this thread. */
interface Running {
  readonly scheduler: Scheduler;
  readonly world: Random;
  readonly timers: Map<number, Happening>;
  lastTimer: number;
  /** Objects whose properties were replaced, with the properties before. */
  readonly replaced: (readonly [target: object, before: object])[];
}

/** Operations on files. */
type Files = Pick<
  typeof Deno,
  | "link"
  | "mkdir"
  | "open"
  | "readDir"
  | "readTextFile"
  | "remove"
  | "rename"
  | "stat"
  | "writeTextFile"
>;

let running: Running;

const RealDate = Date;

/**
 * Clocks, timers and randomness of the platform: what makes a history differ from run to run. They
 * are the same objects in every history, or the engine would compile the program again and again.
 */
const VIRTUAL = {
  Date: class extends RealDate {
    constructor(...args: unknown[]) {
      super(...(args.length === 0 ? [now()] : args) as [number]);
    }
    static override now = now;
  },
  setTimeout: (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): number => {
    const { timers, scheduler } = running;
    const id = ++running.lastTimer;
    timers.set(
      id,
      scheduler.after(ms, () => {
        timers.delete(id);
        run(...args);
      }),
    );
    return id;
  },
  setInterval: (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): number => {
    const { timers, scheduler } = running;
    const id = ++running.lastTimer;
    const again = () => {
      timers.set(id, scheduler.after(Math.max(1, ms), again));
      run(...args);
    };
    timers.set(id, scheduler.after(Math.max(1, ms), again));
    return id;
  },
  clearTimeout: clear,
  clearInterval: clear,
};

const VIRTUAL_RANDOM = {
  random: () => draws().next(),
};
const VIRTUAL_CRYPTO = {
  randomUUID: () => draws().uuid(),
  getRandomValues: (array: ArrayBufferView) => {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    for (let i = 0; i < bytes.length; i++) bytes[i] = draws().int(0, 255);
    return array;
  },
};
const VIRTUAL_PERFORMANCE = {
  now: () => running.scheduler.now - (running.scheduler.current?.bornAt ?? 0),
};
/** Without permission to read variables: a proxy of this machine is none of the history's. */
const VIRTUAL_PERMISSIONS = {
  querySync: () => ({ state: "denied" }),
};

const REPLACED: readonly (readonly [object, object])[] = [
  [globalThis, VIRTUAL],
  [Math, VIRTUAL_RANDOM],
  [crypto, VIRTUAL_CRYPTO],
  [performance, VIRTUAL_PERFORMANCE],
  [Deno.permissions, VIRTUAL_PERMISSIONS],
];

/**
 * Puts virtual time and repeatable randomness in place of the platform's while `run` runs, which
 * has to be synchronous: nothing else can see them.
 */
export function withVirtualGlobals(scheduler: Scheduler, world: Random, run: () => void): void {
  running = { scheduler, world, timers: new Map(), lastTimer: 0, replaced: [] };
  try {
    for (const [target, virtual] of REPLACED) replace(target, virtual);
    run();
  } finally {
    for (const [target, before] of running.replaced.reverse()) Object.assign(target, before);
  }
}

function replace(target: object, virtual: object): void {
  const before = Object.keys(virtual).map((name) => [name, (target as Names)[name]]);
  running.replaced.push([target, Object.fromEntries(before)]);
  Object.assign(target, virtual);
}

/** Holds nothing: simulated services keep their connections themselves. */
const CLIENT = { close() {} };

/** Has requests answered by a server of this history. */
export function useFetch(fetch: typeof globalThis.fetch): void {
  replace(globalThis, { fetch });
  replace(Deno, { createHttpClient: () => CLIENT });
}

/** Has operations on files done by a disk of this history. */
export function useFiles(files: Files): void {
  replace(Deno, files);
}

type Names = Readonly<Record<string, unknown>>;

function now(): number {
  const { scheduler } = running;
  return scheduler.current?.clock(scheduler.now) ?? Math.floor(scheduler.now);
}

function draws(): Random {
  return running.scheduler.current?.random ?? running.world;
}

function clear(id: number | undefined): void {
  const happening = running.timers.get(id!);
  if (happening === undefined) return;
  happening.run = undefined;
  running.timers.delete(id!);
}
