const ROOT = new URL("../../", import.meta.url).pathname;
const decoder = new TextDecoder();

/** What a program that has ended left behind. */
interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program of a local service, in any folder, with the rights of its task. */
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

  /** The arguments of Deno that run it. */
  args(words: readonly string[]): string[] {
    return [
      ...["run", "-q", "--no-prompt", `--config=${ROOT}deno.json`],
      ...["-R=.local", "-W=.local", "--allow-run=sh", "-N=127.0.0.1"],
      ...[`--allow-env=${Object.keys(this.#env)}`, `${ROOT}${this.#script}`, ...words],
    ];
  }

  /** Runs it to its end in a folder. */
  async run(
    cwd: string,
    words: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Said> {
    return said(
      await new Deno.Command(Deno.execPath(), {
        ...{ args: this.args(words), cwd, env: { ...this.#env, ...env }, stdin: "null" },
      }).output(),
    );
  }

  /** Starts it in a folder, with its output to be read. */
  spawn(cwd: string, words: readonly string[]): Deno.ChildProcess {
    return new Deno.Command(Deno.execPath(), {
      ...{ args: this.args(words), cwd, env: this.#env },
      ...{ stdin: "null", stdout: "piped", stderr: "null" },
    }).spawn();
  }

  /** As `run()`, and then tells the whole session of the program that its terminal is closed. */
  async runInSession(cwd: string, words: readonly string[]): Promise<Said> {
    const process = new Deno.Command(Deno.execPath(), {
      ...{ args: this.args(words), cwd, env: this.#env, detached: true },
      ...{ stdin: "null", stdout: "piped", stderr: "piped" },
    }).spawn();
    const output = await process.output();
    const args = ["-c", `kill -s HUP -- -${process.pid}`];
    await new Deno.Command("sh", { args, stderr: "null" }).output();
    return said(output);
  }
}

/** What a process writes first. */
export async function firstOutput(process: Deno.ChildProcess): Promise<string> {
  const reader = process.stdout.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return decoder.decode(value);
}

function said({ code, stdout, stderr }: Deno.CommandOutput): Said {
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
