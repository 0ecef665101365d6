import { supervise, type Supervised } from "../../../lib/local/process/process.ts";
import { sleep } from "../../../lib/shared/sleep.ts";

export interface ProducerOptions {
  /** The program, `main.ts` as a rule, and its flags. */
  readonly program: string;
  readonly flags: readonly string[];
  /** Flags of Deno for each start, counted from 1 (default: none). */
  readonly denoFlags?: (start: number) => readonly string[];
  /** Gets what each process printed, after its end. */
  readonly onOutput?: (output: string) => void;
  /** Where the output of each process goes. */
  readonly directory: string;
}

/** An exit code by which a producer says that starting it again is no use. */
const USELESS: ReadonlySet<number> = new Set([2, 3]);
/** The exit code of a process that got SIGTERM before it listened to it: it had not begun. */
const NOT_BEGUN = 128 + 15;
/** Between an end and the next start, in ms, as a service manager does it. */
const PAUSE = 200;
/** How long an orderly stop may take, in ms. */
const STOP_LIMIT = 30_000;

/** The file for what the process of a start says. */
const outputOf = (start: number | string) => `producer-${start}.log`;

/** Removes what the producers of an earlier run said. */
export async function dropOutputs(directory: string): Promise<void> {
  const output = new RegExp(`^${outputOf("\\d+")}$`);
  for await (const { name } of Deno.readDir(directory)) {
    if (output.test(name)) await Deno.remove(`${directory}/${name}`);
  }
}

/**
 * A producer that is started again whenever it ends, as by a service manager: after a SIGKILL of
 * ours, and also when it gave up, for instance as no broker answered at its start.
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

  /** Starts so far, and how many of them ended by themselves. */
  get counts(): { starts: number; gaveUp: number } {
    return { starts: this.#starts, gaveUp: this.#gaveUp };
  }

  /** SIGKILL; `false` when there is none just now. */
  async kill(): Promise<boolean> {
    const process = this.#process;
    if (process === undefined) return false;
    this.#ended = process.pid;
    await process.signal("KILL");
    await process.exited;
    return true;
  }

  /** Stops it in order, to be started again; `false` if none runs. */
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
   * @param isWanted Asked once it is frozen; if not, it goes on at once.
   * @returns `false` if none runs, or it was not wanted.
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
   * Stops it in order.
   *
   * @throws {Error} when it was of no use to start it again, or the last one did not end in order.
   */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#process !== undefined) await terminate(this.#process);
    await this.#over;
  }

  /** Ends it at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    await this.kill();
    await this.#over.catch(() => {});
  }

  /** Rejects when the producer can't be kept running. */
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
      // It could not be signaled while it was being started.
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

/** Stops a process in order; with SIGKILL if that takes too long. */
async function terminate(process: Supervised): Promise<void> {
  const timer = setTimeout(() => process.signal("KILL"), STOP_LIMIT);
  try {
    await process.signal("TERM");
    await process.exited;
  } finally {
    clearTimeout(timer);
  }
}
