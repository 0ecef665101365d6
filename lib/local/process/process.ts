import { shell } from "./shell.ts";

/** Signals that are sent to children. */
export type Signal = "TERM" | "KILL" | "STOP" | "CONT";

/** A process of ours, for as long as it runs. */
export interface Process {
  readonly pid: number;
  /** The exit code, more than 128 for a signal; never rejects. */
  readonly exited: Promise<number>;
  /** Does nothing when the process has ended. */
  signal(signal: Signal): Promise<void>;
}

/** A process that does not outlive this one. Disposing kills it. */
export type Supervised = Process & AsyncDisposable;

/**
 * Between us and the child stands a shell whose stdin is a pipe from us. A line is a signal to pass
 * on; the end of the pipe means that we are gone, by whatever death, and kills the child. The
 * system closes the pipe also when this process gets SIGKILL, on Linux and on macOS.
 *
 * Ctrl-C of a terminal reaches the whole group; the shell and the child do not listen to it, since
 * we decide how to stop. (Java leaves alone signals that are ignored when it starts.)
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

/** Where a child's output goes, and what ends it early. */
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
 * Starts a process that lives on: in a session of its own, so that neither our end nor that of the
 * terminal reaches it.
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

/** Sends a signal to a process that is not our child; one that is gone is not an error. */
export async function sendSignal(pid: number, signal: Signal): Promise<void> {
  await shell('kill -s "$1" "$2"', signal, String(pid));
}

/**
 * The command line of a running process, or `undefined` when there is none with this pid.
 * `ps` is not everywhere (slim containers), `/proc` neither (macOS).
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
