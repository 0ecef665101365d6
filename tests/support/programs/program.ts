import { assertEquals } from "@std/assert";

/** The output and the exit code of a program that has ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The run time, in ms. */
  readonly ms: number;
}

/** Options for running a program. */
export interface RunOptions {
  /** Environment variables, in addition to those of this process that no program reads. */
  readonly env?: Readonly<Record<string, string>>;
  /** Deno's permission flags. Default: all. */
  readonly permissions?: readonly string[];
  /** The working folder. Default: that of this process. */
  readonly cwd?: string;
  /** The time limit, in ms. Default 30,000. */
  readonly limit?: number;
  /** Whether it leads a session of its own. Default: no. */
  readonly detached?: boolean;
}

/**
 * Runs a program of this repository as a child process, to its end.
 *
 * @param script Path from the top of the repository: `scripts/consume.ts`.
 * @throws {Error} with its output if it does not end in time.
 */
export async function runProgram(
  script: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  await using program = startProgram(script, args, options);
  return await program.ended;
}

const ROOT = new URL("../../../", import.meta.url);

/** A running program. Disposing it kills it, unless it has ended. */
export interface Running extends AsyncDisposable {
  readonly process: Deno.ChildProcess;
  /** @returns false if it has ended. */
  kill(signal: Deno.Signal): boolean;
  /**
   * Resolves with stdout so far when it contains `text`. Rejects if the program ends without it.
   */
  untilOutput(text: string): Promise<string>;
  /** Like `untilOutput()`, for stderr. */
  untilLog(text: string): Promise<string>;
  readonly ended: Promise<Ended>;
}

/** Starts a program of this repository as a child process. See {@linkcode runProgram}. */
export function startProgram(
  script: string,
  args: readonly string[],
  { env = {}, permissions = ["-A"], cwd = ".", limit = 30_000, detached = false }: RunOptions = {},
): Running {
  const started = performance.now();
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-q",
      "--no-check",
      "--no-prompt",
      ...permissions,
      new URL(script, ROOT).pathname,
      ...args,
    ],
    env: { ...NO_SETTINGS, ...env },
    cwd,
    detached,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdout = collect(process.stdout);
  const stderr = collect(process.stderr);
  let isOver = false;
  const kill = (signal: Deno.Signal): boolean => {
    if (isOver) return false;
    try {
      process.kill(signal);
      return true;
    } catch (error) {
      if (error instanceof TypeError) return false; // ended a moment ago
      throw error;
    }
  };
  const end = async (): Promise<Ended> => {
    let isLate = false;
    const timer = setTimeout(() => isLate = kill("SIGKILL"), limit);
    const { code } = await process.status;
    isOver = true;
    clearTimeout(timer);
    await Promise.all([stdout.done, stderr.done]);
    const output = { stdout: stdout.text(), stderr: stderr.text() };
    if (isLate) throw new Error(`Still running after ${limit} ms: ${JSON.stringify(output)}`);
    return { code, ...output, ms: performance.now() - started };
  };
  const ended = end();
  ended.catch(() => {}); // the call that waits for it reports the error
  const until = (output: typeof stdout) => (wanted: string) =>
    output.until(wanted).catch(async () => {
      throw new Error(`Ended without '${wanted}': ${JSON.stringify(await ended)}`);
    });
  return {
    process,
    kill,
    untilOutput: until(stdout),
    untilLog: until(stderr),
    ended,
    async [Symbol.asyncDispose]() {
      kill("SIGKILL");
      await ended.catch(() => {});
    },
  };
}

/** Checks that a program has shown nothing of its inside: stacks, its client, defects. */
export function assertPlain({ stderr }: Ended): void {
  const withoutCauses = stderr.replace(/^ {2}cause: .*$/gm, "");
  const unwanted = /^ +at |kafkajs|TimeoutNegativeWarning|defect of wikitap/im;
  assertEquals(unwanted.exec(withoutCauses), null, stderr);
}

/** The developer may have set these for another producer; empty counts as unset. */
export const NO_SETTINGS = {
  NO_COLOR: "1",
  KAFKA_BROKERS: "",
  KAFKA_SASL_PASSWORD: "",
  EVENTSTREAMS_URL: "",
  WIKITAP_CONTACT: "",
};

/** For programs that call `deno` by name: puts the one that runs the tests first in PATH. */
export const PATH_WITH_DENO = `${Deno.execPath().replace(/\/[^/]*$/, "")}:${Deno.env.get("PATH")}`;

/** Collects the text of a stream, and resolves when it contains a given text. */
function collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
  let text = "";
  let isDone = false;
  const waiting = new Set<() => void>();
  const done = (async () => {
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      text += part;
      waiting.forEach((look) => look());
    }
    isDone = true;
    waiting.forEach((look) => look());
  })();
  const until = (wanted: string) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        if (text.includes(wanted)) resolve(text);
        else if (isDone) reject(new Error("It has ended"));
        else return;
        waiting.delete(look);
      };
      waiting.add(look);
      look();
    });
  return { done, until, text: () => text };
}
