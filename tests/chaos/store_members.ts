import type { Random } from "../../lib/replay/random.ts";
import { sleep } from "../../lib/shared/sleep.ts";
import { type Running, startProgram } from "../support/programs/program.ts";

/** The topic and the database of the members of a group. */
export interface MembersOptions {
  readonly brokers: string;
  readonly topic: string;
  /** The value of `--database`, and its environment. */
  readonly database: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}

const COUNT = 3;
/** Longer than any run, in ms. */
const LIMIT = 3 * 3_600_000;
/** The wait before the restart of a member that ended by itself, in ms. */
const RESTART_AFTER = 1000;

/** One member: a process, and after its end another one. */
interface Place {
  process: Running;
  /** If it was killed, the wait before its restart, in ms. */
  killedFor: number | undefined;
  /** Resolves when it has ended and is not restarted. */
  readonly kept: Promise<void>;
}

/**
 * Three processes of `store` that share a topic. Each process that ends, killed or by itself, is
 * restarted, as by a service manager. It ends by itself if the database or a broker is unreachable
 * at its start.
 */
export class Members implements AsyncDisposable {
  /** The number of processes that ended by themselves. Their output is in the log. */
  gaveUp = 0;
  readonly #options: MembersOptions;
  readonly #places: readonly Place[];
  readonly #over = new AbortController();

  constructor(options: MembersOptions) {
    this.#options = options;
    this.#places = Array.from({ length: COUNT }, (_, index) => this.#place(index));
  }

  /** Kills one of them, and replaces it after `pause` ms. */
  async kill(pause: number, random: Random): Promise<void> {
    const [index, place] = this.#pick(random);
    this.#options.log(`SIGKILL to member ${index}`);
    const { process } = place;
    if (process.kill("SIGKILL")) place.killedFor = pause;
    await process.ended;
    await sleep(pause);
  }

  /** Freezes one of them for `pause` ms. */
  async stop(pause: number, random: Random): Promise<void> {
    const [index, { process }] = this.#pick(random);
    this.#options.log(`SIGSTOP to member ${index}`);
    process.kill("SIGSTOP");
    await sleep(pause);
    process.kill("SIGCONT");
  }

  /** Stops them, and waits until they have ended. */
  async end(): Promise<void> {
    this.#over.abort();
    for (const { process } of this.#places) process.kill("SIGTERM");
    await Promise.all(this.#places.map(({ kept }) => kept));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    for (const { process } of this.#places) await process[Symbol.asyncDispose]();
  }

  #pick(random: Random): [index: number, place: Place] {
    const index = random.integer(0, COUNT - 1);
    return [index, this.#places[index]!];
  }

  #place(index: number): Place {
    const kept = Promise.withResolvers<void>();
    const place: Place = { process: this.#start(), killedFor: undefined, kept: kept.promise };
    this.#keep(place, index).then(kept.resolve, kept.reject);
    return place;
  }

  async #keep(place: Place, index: number): Promise<void> {
    const { log } = this.#options;
    const { signal: over } = this.#over;
    while (true) {
      const { code, stderr } = await place.process.ended;
      const { killedFor } = place;
      place.killedFor = undefined;
      if (killedFor === undefined && !(over.aborted && code === 0)) {
        this.gaveUp++;
        log(`member ${index} ends with ${code}: ${stderr.slice(-1000)}`);
      }
      await sleep(killedFor ?? RESTART_AFTER, over);
      if (over.aborted) return;
      place.process = this.#start();
    }
  }

  #start(): Running {
    const { brokers, topic, database, args, env } = this.#options;
    return startProgram("scripts/store.ts", [
      ...["--bootstrap-server", brokers, "--topic", topic, "--database", database],
      ...["--log-level", "debug"],
      ...args,
    ], { env, limit: LIMIT });
  }
}
