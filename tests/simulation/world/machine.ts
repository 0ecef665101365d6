import { Random } from "./random.ts";

/**
 * One process on a machine of its own: nothing that it does after its death has any effect, and
 * what happens to it while it is frozen waits. Its clock may be wrong, its monotonic time is not.
 */
export class Machine {
  isDead = false;
  /** Nothing of it runs before this time, in ms. */
  frozenUntil = 0;
  /** Its clock minus the right one, in ms. */
  clockOffset = 0;
  /** ms that its clock gains in each ms. */
  clockDrift = 0;
  /** Requests that it may still send before it dies. */
  callsLeft = Infinity;
  readonly random: Random;
  /** Log lines by minute of its life. */
  readonly lines = new Map<number, number>();
  readonly #onDeath: (() => void)[] = [];

  constructor(readonly name: string, readonly bornAt: number, seed: number) {
    this.random = Random.of(seed, "machine", name);
  }

  /** Returns what `Date.now()` gives there. */
  clock(now: number): number {
    return Math.floor(now + this.clockOffset + this.clockDrift * (now - this.bornAt));
  }

  /** Notes a request on its way; `false` where the machine dies before it. */
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
