import { supervise, type Supervised } from "../../../lib/local/process/process.ts";
import { sleep } from "../../../lib/shared/sleep.ts";

export interface ProducerOptions {
  /** The program, usually `main.ts`, and its flags. */
  readonly program: string;
  readonly flags: readonly string[];
  /** Flags of Deno for each start, counted from 1 (default: none). */
  readonly denoFlags?: (start: number) => readonly string[];
  /** Called with the output of each process after its end. */
  readonly onOutput?: (output: string) => void;
  /** The folder for the output of each process. */
  readonly directory: string;
}

/** Exit codes after which a restart is useless. */
const USELESS: ReadonlySet<number> = new Set([2, 3]);
/** The exit code of a process that got SIGTERM before it listened for it. */
const NOT_BEGUN = 128 + 15;
/** The wait before a restart, in ms, as of a service manager. */
const PAUSE = 200;
/** How long an orderly stop may take, in ms. */
const STOP_LIMIT = 30_000;

/** Returns the file for the output of a start. */
const outputOf = (start: number | string) => `producer-${start}.log`;

/** Removes the output of earlier runs. */
export async function dropOutputs(directory: string): Promise<void> {
  const output = new RegExp(`^${outputOf("\\d+")}$`);
  for await (const { name } of Deno.readDir(directory)) {
    if (output.test(name)) await Deno.remove(`${directory}/${name}`);
  }
}

/**
 * A producer that is restarted whenever it ends, as by a service manager: after a SIGKILL, and if
 * it gave up, for instance because no broker answered at the start.
 */
export class Producer implements AsyncDisposable {
  readonly #options: ProducerOptions;
  #process: Supervised | undefined;
  #isStopping = false;
  /** The process that was ended on purpose. */
  #ended = 0;
  #starts = 0;
  #gaveUp = 0;
  readonly #over: Promise<void>;

  constructor(options: ProducerOptions) {
    this.#options = options;
    this.#over = this.#keepRunning();
    this.#over.catch(() => {});
  }

  /** The number of starts, and of those that ended by themselves. */
  get counts(): { starts: number; gaveUp: number } {
    return { starts: this.#starts, gaveUp: this.#gaveUp };
  }

  /** Sends SIGKILL; returns `false` if none runs. */
  async kill(): Promise<boolean> {
    const process = this.#process;
    if (process === undefined) return false;
    this.#ended = process.pid;
    await process.signal("KILL");
    await process.exited;
    return true;
  }

  /** Stops it cleanly, to be restarted; returns `false` if none runs. */
  async restart(): Promise<boolean> {
    const process = this.#process;
    if (process === undefined) return false;
    this.#ended = process.pid;
    await terminate(process);
    return true;
  }

  /**
   * Freezes it (SIGSTOP) for a time in ms, or until `signal` is aborted.
   *
   * @param isWanted Called once it is frozen; if it returns false, the process continues at once.
   * @returns `false` if none runs, or if `isWanted` returned false.
   */
  async freeze(
    ms: number,
    { signal, isWanted }: { signal?: AbortSignal; isWanted: () => Promise<boolean> },
  ): Promise<boolean> {
    const process = this.#process;
    if (process === undefined) return false;
    await process.signal("STOP");
    try {
      if (!await isWanted()) return false;
      await sleep(ms, signal);
      return true;
    } finally {
      await process.signal("CONT");
    }
  }

  /**
   * Stops it cleanly.
   *
   * @throws {Error} if a restart was useless, or if the last process did not stop cleanly.
   */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#process !== undefined) await terminate(this.#process);
    await this.#over;
  }

  /** Kills it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    await this.kill();
    await this.#over.catch(() => {});
  }

  /** Rejects if the producer cannot be kept running. */
  get over(): Promise<void> {
    return this.#over;
  }

  async #keepRunning(): Promise<void> {
    const { directory, program, flags, denoFlags, onOutput } = this.#options;
    while (!this.#isStopping) {
      const output = `${directory}/${outputOf(++this.#starts)}`;
      const command = [
        ...[Deno.execPath(), "run", "-q", "--no-prompt", "--no-check", "--allow-all"],
        ...[...denoFlags?.(this.#starts) ?? [], program, ...flags],
      ];
      await using process = await supervise(command, { output });
      // It could not get a signal while it was starting.
      if (this.#isStopping) return;
      this.#process = process;
      const code = await process.exited;
      this.#process = undefined;
      onOutput?.(await Deno.readTextFile(output));
      if (this.#ended === process.pid && !USELESS.has(code)) continue;
      if (this.#isStopping && (code === 0 || code === NOT_BEGUN)) return;
      if (code === 0 || USELESS.has(code) || this.#isStopping) {
        throw new Error(`The producer ended with exit code ${code}: see '${output}'`);
      }
      this.#gaveUp++;
      await sleep(PAUSE);
    }
  }
}

/** Stops a process cleanly, or with SIGKILL if that takes too long. */
async function terminate(process: Supervised): Promise<void> {
  const timer = setTimeout(() => process.signal("KILL"), STOP_LIMIT);
  try {
    await process.signal("TERM");
    await process.exited;
  } finally {
    clearTimeout(timer);
  }
}
