import type { Machine } from "./machine.ts";

/** An event at a virtual time. */
export interface Happening {
  /** Increases while the machine is frozen. */
  at: number;
  readonly order: number;
  /** The machine whose code it runs; `undefined` for the world's own code. */
  readonly machine: Machine | undefined;
  /** `undefined` after it was canceled. */
  run: (() => void) | undefined;
}

/** The part of Deno's core that is used: promises settle before time continues. */
interface Core {
  runMicrotasks(): void;
}

const { internal } = Deno as unknown as { internal: string };
const { core } = (Deno as unknown as Record<string, { core: Core }>)[internal]!;

/**
 * Virtual time: a queue of events, ordered by time and then by the order of planning. After each
 * event all microtasks run. So a history is one synchronous loop, and the same seed gives the same
 * history.
 *
 * Must run in a task of the event loop, since no microtask can run within another one.
 */
export class Scheduler {
  /** ms since 1970. */
  now: number;
  /** The machine whose code runs. */
  current: Machine | undefined;
  /** The number of events that ran. */
  steps = 0;
  readonly #heap: Happening[] = [];
  #order = 0;

  constructor(start: number) {
    this.now = start;
  }

  /** Plans an event after `delay` ms, for the machine whose code runs now. */
  after(delay: number, run: () => void, machine: Machine | undefined = this.current): Happening {
    const at = this.now + Math.max(0, delay);
    const happening: Happening = { at, order: this.#order++, machine, run };
    this.#push(happening);
    return happening;
  }

  /** Plans an event of the world after `delay` ms. */
  outside(delay: number, run: () => void): Happening {
    const at = this.now + Math.max(0, delay);
    const happening: Happening = { at, order: this.#order++, machine: undefined, run };
    this.#push(happening);
    return happening;
  }

  /** Runs until `isOver` returns true, at most until the virtual time `end`. */
  run(end: number, isOver: () => boolean): void {
    while (!isOver()) {
      const happening = this.#pop();
      if (happening === undefined || happening.at > end) {
        if (happening !== undefined) this.#push(happening);
        this.now = end;
        return;
      }
      this.now = Math.max(this.now, happening.at);
      const { machine, run } = happening;
      if (run === undefined || machine?.isDead) continue;
      if (machine !== undefined && machine.frozenUntil > this.now) {
        happening.at = machine.frozenUntil;
        this.#push(happening);
        continue;
      }
      this.steps++;
      this.enter(machine, run);
    }
  }

  /** Runs a function as a machine's code, and all microtasks that result from it. */
  enter(machine: Machine | undefined, run: () => void): void {
    this.current = machine;
    run();
    core.runMicrotasks();
    this.current = undefined;
  }

  #push(happening: Happening): void {
    const heap = this.#heap;
    let i = heap.push(happening) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(happening, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = happening;
  }

  #pop(): Happening | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let i = 0;
    while (true) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return first;
  }
}

/** Runs a function in a task of the event loop, where microtasks can run. */
export function inTask<T>(work: () => T): Promise<T> {
  return new Promise((resolve, reject) =>
    setTimeout(() => {
      try {
        resolve(work());
      } catch (error) {
        reject(error);
      }
    }, 0)
  );
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
