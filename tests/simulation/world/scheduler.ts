import type { Machine } from "./machine.ts";

/** Something that happens at a virtual time. */
export interface Happening {
  /** Moves on where the machine is frozen. */
  at: number;
  readonly order: number;
  /** Whose code it runs; `undefined` for the world's own. */
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
 * Virtual time: a queue of happenings, by time and then by the order in which they were planned.
 * After each one all microtasks run, so that a history is one synchronous loop, and the same seed
 * gives the same history.
 *
 * To be run from a task of the event loop: within a microtask no other one can run.
 */
export class Scheduler {
  /** ms since 1970. */
  now: number;
  /** Whose code runs. */
  current: Machine | undefined;
  /** Happenings that ran. */
  steps = 0;
  readonly #heap: Happening[] = [];
  #order = 0;

  constructor(start: number) {
    this.now = start;
  }

  /** Plans something after `delay` ms, for the machine whose code runs now. */
  after(delay: number, run: () => void, machine: Machine | undefined = this.current): Happening {
    const at = this.now + Math.max(0, delay);
    const happening: Happening = { at, order: this.#order++, machine, run };
    this.#push(happening);
    return happening;
  }

  /** Plans something of the world's own after `delay` ms. */
  outside(delay: number, run: () => void): Happening {
    const at = this.now + Math.max(0, delay);
    const happening: Happening = { at, order: this.#order++, machine: undefined, run };
    this.#push(happening);
    return happening;
  }

  /** Runs until `isOver` says so, at most up to the virtual time `end`. */
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

  /** Runs something as a machine's code, and all microtasks that come of it. */
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

/** Does something in a task of the event loop, where microtasks can be run. */
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
