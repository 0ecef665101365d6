import type { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";

/** The requests of machines to one server, with their faults. */
export class Wire {
  /** The time until which nothing answers, in ms. */
  downUntil = 0;
  readonly #world: World;
  readonly #random: Random;
  readonly #failure: (message: string) => Error;

  /** @param failure Creates the error of a request without an answer. */
  constructor(world: World, random: Random, failure: (message: string) => Error) {
    this.#world = world;
    this.#random = random;
    this.#failure = failure;
  }

  /** Runs work at the server. Returns its result, or throws its error. */
  ask<T>(what: string, work: () => T): Promise<T> {
    const { scheduler } = this.#world;
    const machine = scheduler.current!;
    const draws = (fault: Parameters<World["draws"]>[0]) => this.#world.draws(fault, this.#random);
    const delay = (fault: "slow request" | "slow answer") =>
      this.#random.between(0.2, 3) + (draws(fault) ? this.#random.magnitude(5, 30_000) : 0);
    return new Promise((resolve, reject) => {
      if (!machine.calls()) return;
      const fail = (how: string) => {
        this.#world.trace(() => `${machine.name}: ${what}: ${how}`);
        const wait = this.#random.magnitude(1, 2000);
        scheduler.after(wait, () => reject(this.#failure(`${what}: ${how}`)), machine);
      };
      if (draws("lost request")) return fail("the request is lost");
      scheduler.outside(delay("slow request"), () => {
        if (scheduler.now < this.downUntil) return scheduler.after(0, () => fail("down"), machine);
        const answer = attempt(work);
        if (draws("lost answer")) {
          return scheduler.after(0, () => fail("the answer is lost"), machine);
        }
        scheduler.after(delay("slow answer"), () => {
          if ("error" in answer) reject(answer.error);
          else resolve(answer.result);
        }, machine);
      });
    });
  }
}

function attempt<T>(work: () => T): { readonly result: T } | { readonly error: unknown } {
  try {
    return { result: work() };
  } catch (error) {
    return { error };
  }
}
