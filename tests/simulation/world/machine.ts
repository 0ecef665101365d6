import { Random } from "./random.ts";

/** The longest time for which a process is frozen, in ms. */
export const LONGEST_FREEZE = 90_000;

/**
 * One process on a machine of its own. Nothing that it does after its death has an effect, and its
 * events wait while it is frozen. Its clock may be wrong; its monotonic time is right.
 */
export class Machine {
  isDead = false;
  /** The time before which nothing of it runs, in ms. */
  frozenUntil = 0;
  /** The error of its clock, in ms. */
  clockOffset = 0;
  /** The drift of its clock, in ms per ms. */
  clockDrift = 0;
  /** The number of requests that it can send before it dies. */
  callsLeft = Infinity;
  /** The position that it read last, in its saved form, and when it did, in ms. */
  read = { at: -Infinity, metadata: "" };
  readonly random: Random;
  /** The number of log lines by minute. */
  readonly lines = new Map<number, number>();
  readonly #onDeath: (() => void)[] = [];

  constructor(readonly name: string, readonly bornAt: number, seed: number) {
    this.random = Random.of(seed, "machine", name);
  }

  /** Returns the result of `Date.now()` on the machine. */
  clock(now: number): number {
    return Math.floor(now + this.clockOffset + this.clockDrift * (now - this.bornAt));
  }

  /** Notes a request. Returns `false` if the machine dies before it. */
  calls(): boolean {
    if (this.isDead) return false;
    if (--this.callsLeft > 0) return true;
    this.die();
    return false;
  }

  onDeath(run: () => void): void {
    this.#onDeath.push(run);
  }

  die(): void {
    if (this.isDead) return;
    this.isDead = true;
    for (const run of this.#onDeath.splice(0)) run();
  }
}
