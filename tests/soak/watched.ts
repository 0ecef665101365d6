import { UserError } from "../../lib/shared/error.ts";
import { supervise, type Supervised } from "../../lib/local/process/process.ts";
import { tail } from "../../lib/local/process/tail.ts";
import { type Growth, growthOf } from "./growth.ts";
import { type Usage, usageOf } from "../support/programs/process.ts";

/** A program of this repository, whose memory and handles are measured. */
export interface WatchedOptions {
  readonly name: string;
  /** The maximum growth of its memory, in MiB. */
  readonly mayGrow: number;
  /** The script and its arguments. */
  readonly args: readonly string[];
  /** Variables in addition to this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** The file for its output. */
  readonly output: string;
}

/** A program that runs to its own end, and its measurements. Disposing kills it. */
export class Watched implements AsyncDisposable {
  readonly options: WatchedOptions;
  readonly #process: Supervised;
  readonly #usages: (Usage & { readonly at: number })[] = [];
  #code: number | undefined;

  private constructor(options: WatchedOptions, process: Supervised) {
    this.options = options;
    this.#process = process;
    process.exited.then((code) => this.#code = code);
  }

  static async start(options: WatchedOptions): Promise<Watched> {
    const { args, env = {}, output } = options;
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const deno = [Deno.execPath(), "run", "-q", "-A", "--no-check", "--no-prompt"];
    return new Watched(
      options,
      await supervise(["env", ...variables, ...deno, ...args], { output }),
    );
  }

  /** Measures it. @throws {UserError} if it has ended. */
  async measure(): Promise<void> {
    if (this.#code !== undefined) throw await this.#failure(`ended with exit code ${this.#code}`);
    this.#usages.push({ at: Date.now(), ...await usageOf(this.#process.pid) });
  }

  /** Returns the last measurement. @throws {Error} before the first `measure()`. */
  get latest(): Usage {
    const usage = this.#usages.at(-1);
    if (usage === undefined) throw new Error("Nothing is measured yet");
    return usage;
  }

  growth(figure: keyof Usage): Growth {
    return growthOf(this.#usages.map((usage) => ({ at: usage.at, value: usage[figure] })));
  }

  /** Waits until it ends by itself. @throws {UserError} if it fails, or if `signal` is aborted. */
  async end(signal: AbortSignal): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => resolve());
    if (signal.aborted) resolve();
    await Promise.race([this.#process.exited, late]);
    if (this.#code === undefined) throw await this.#failure("does not come to its end");
    if (this.#code !== 0) throw await this.#failure(`ended with exit code ${this.#code}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  async #failure(what: string): Promise<UserError> {
    const { name, output } = this.options;
    return new UserError(`${name} ${what}`, { details: await tail(output, 10) });
  }
}
