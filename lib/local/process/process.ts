import { shell } from "./shell.ts";

/** Signals that are sent to children. */
export type Signal = "TERM" | "KILL" | "STOP" | "CONT";

/** A process that this program controls. */
export interface Process {
  /** The id of the process. */
  readonly pid: number;
  /** The exit code, more than 128 for a signal; never rejects. */
  readonly exited: Promise<number>;
  /** Sends a signal; does nothing if the process has ended. */
  signal(signal: Signal): Promise<void>;
}

/** A process that does not outlive this one. Disposing kills it. */
export type Supervised = Process & AsyncDisposable;

/**
 * The shell between this program and the child; its stdin is a pipe from this program. A line is a
 * signal to forward. The end of the pipe means that this program has ended, and kills the child.
 * The system closes the pipe even after SIGKILL, on Linux and on macOS.
 *
 * Ctrl-C of a terminal reaches the whole process group. The shell and the child ignore it, since
 * this program stops them in order. (Java keeps signals ignored that are ignored at its start.)
 */
const SUPERVISOR = `
trap '' INT QUIT HUP
output=$1; shift
exec 3<&0
"$@" </dev/null >"$output" 2>&1 3<&- &
child=$!
(
  while read -r signal; do kill -s "$signal" $child; done
  kill -s KILL $child
) <&3 >/dev/null 2>&1 &
reader=$!
exec 3<&-
echo $child
wait $child
code=$?
kill -s KILL $reader
exit $code
`;

/** The output of a child, and what ends it early. */
export interface ProcessOptions {
  /** A file for stdout and stderr, overwritten. */
  readonly output: string;
  /** Kills the child when aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** Starts a child that is killed when this process ends, however it ends. */
export async function supervise(
  command: readonly string[],
  { output, signal }: ProcessOptions,
): Promise<Supervised> {
  const shell = new Deno.Command("sh", {
    args: ["-c", SUPERVISOR, "sh", output, ...command],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const orders = shell.stdin.getWriter();
  const kill = () => void orders.close().catch(() => {});
  signal?.addEventListener("abort", kill);
  if (signal?.aborted) kill();
  const exited = shell.status.then(async ({ code }) => {
    signal?.removeEventListener("abort", kill);
    await orders.close().catch(() => {});
    return code;
  });
  return {
    pid: await firstNumber(shell.stdout),
    exited,
    signal: (name) => orders.write(new TextEncoder().encode(`${name}\n`)).catch(() => {}),
    async [Symbol.asyncDispose]() {
      kill();
      await exited;
    },
  };
}

/**
 * Starts a process that outlives this one. It has a session of its own, so that neither the end of
 * this process nor that of the terminal reaches it.
 */
export function detach(command: readonly string[], { output }: { output: string }): Process {
  const child = new Deno.Command("sh", {
    args: ["-c", 'output=$1; shift; exec "$@" >"$output" 2>&1', "sh", output, ...command],
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: true,
  }).spawn();
  child.unref();
  return {
    pid: child.pid,
    exited: child.status.then(({ code }) => code),
    signal: (name) => sendSignal(child.pid, name),
  };
}

/** Sends a signal to a process that is not a child. A process that is gone is not an error. */
export async function sendSignal(pid: number, signal: Signal): Promise<void> {
  await shell('kill -s "$1" "$2"', signal, String(pid));
}

/**
 * Returns the command line of a running process; `undefined` if there is none with this pid.
 * `ps` is not everywhere (slim containers), and neither is `/proc` (macOS).
 */
export async function commandLine(pid: number): Promise<string | undefined> {
  const { code, output } = await shell(
    `if [ -d /proc/self ]; then tr '\\0' ' ' <"/proc/$1/cmdline"; else ps -ww -o args= -p "$1"; fi`,
    String(pid),
  );
  // A zombie has a pid and no command line.
  return code === 0 && output.trim() !== "" ? output.trim() : undefined;
}

async function firstNumber(stream: ReadableStream<Uint8Array>): Promise<number> {
  const reader = stream.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return Number(new TextDecoder().decode(value));
}
