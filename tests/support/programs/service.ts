import { type TestFolder, testFolder } from "../tools/folder.ts";
import { type Ended, type Running, type RunOptions, runProgram, startProgram } from "./program.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** The time limit of a program, in ms: it may start and stop a broker. */
const LIMIT = 120_000;

/** The program of a local service, in any folder, with the permissions of its task. */
export class ServiceProgram {
  readonly #script: string;
  readonly #env: Readonly<Record<string, string>>;

  /**
   * @param script Path from the top of the repository.
   * @param env All the variables that it may read.
   */
  constructor(script: string, env: Readonly<Record<string, string>>) {
    this.#script = script;
    this.#env = env;
  }

  get #permissions(): string[] {
    return [
      ...[`--config=${ROOT}deno.json`, "-R=.local", "-W=.local", "--allow-run=sh"],
      ...["-N=127.0.0.1", `--allow-env=${Object.keys(this.#env)}`],
    ];
  }

  /** Returns the arguments of Deno that run it. */
  args(words: readonly string[]): string[] {
    const flags = ["run", "-q", "--no-prompt", ...this.#permissions];
    return [...flags, `${ROOT}${this.#script}`, ...words];
  }

  /** Creates an empty working folder. Disposing first stops the service in it. */
  async folder(): Promise<TestFolder> {
    const folder = await testFolder();
    const end = async () => {
      await this.run(folder.path, ["stop"]);
      await folder[Symbol.asyncDispose]();
    };
    return { path: folder.path, [Symbol.asyncDispose]: end };
  }

  /** Runs it to its end in a folder. */
  run(
    cwd: string,
    words: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Ended> {
    return runProgram(this.#script, words, this.#options(cwd, env));
  }

  /** Starts it in a folder. */
  start(cwd: string, words: readonly string[]): Running {
    return startProgram(this.#script, words, this.#options(cwd));
  }

  /** Like `run()`, and then signals to the program's whole session that its terminal was closed. */
  async runInSession(cwd: string, words: readonly string[]): Promise<Ended> {
    const options = { ...this.#options(cwd), detached: true };
    await using program = startProgram(this.#script, words, options);
    const ended = await program.ended;
    const args = ["-c", `kill -s HUP -- -${program.process.pid}`];
    await new Deno.Command("sh", { args, stderr: "null" }).output();
    return ended;
  }

  #options(cwd: string, env: Readonly<Record<string, string>> = {}): RunOptions {
    return { permissions: this.#permissions, cwd, limit: LIMIT, env: { ...this.#env, ...env } };
  }
}

/** Returns the first output of a process. */
export async function firstOutput(process: Deno.ChildProcess): Promise<string> {
  const reader = process.stdout.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return new TextDecoder().decode(value);
}
