import { supervise, type Supervised } from "../../../lib/local/process/process.ts";
import { sleep } from "../../../lib/shared/sleep.ts";

export interface ProducerOptions {
  /** The program, `main.ts` as a rule, and its flags. */
  readonly program: string;
  readonly flags: readonly string[];
  /** Where the output of each process goes. */
  readonly directory: string;
}

/** An exit code by which a producer says that starting it again is no use. */
const USELESS: ReadonlySet<number> = new Set([2, 3]);
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
  #killed = 0;
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
    this.#killed = process.pid;
    await process.signal("KILL");
    await process.exited;
    return true;
  }

  /**
   * Stops it in order.
   *
   * @throws {Error} when it was of no use to start it again, or the last one did not end in order.
   */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const timer = setTimeout(() => this.#process?.signal("KILL"), STOP_LIMIT);
    await this.#process?.signal("TERM");
    try {
      await this.#over;
    } finally {
      clearTimeout(timer);
    }
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
    const { directory, program, flags } = this.#options;
    while (!this.#isStopping) {
      const output = `${directory}/${outputOf(++this.#starts)}`;
      const command = [
        ...[Deno.execPath(), "run", "-q", "--no-prompt", "--no-check", "--allow-all"],
        ...[program, ...flags],
      ];
      await using process = await supervise(command, { output });
      // It could not be told while it was being started.
      if (this.#isStopping) return;
      this.#process = process;
      const code = await process.exited;
      this.#process = undefined;
      if (this.#killed === process.pid) continue;
      if (code === 0 && this.#isStopping) return;
      if (code === 0 || USELESS.has(code) || this.#isStopping) {
        throw new Error(`The producer ended with exit code ${code}: see '${output}'`);
      }
      this.#gaveUp++;
      await sleep(PAUSE);
    }
  }
}
