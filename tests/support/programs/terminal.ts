import xterm from "npm:@xterm/headless@6.0.0";
import { NO_SETTINGS, type RunOptions } from "./program.ts";

export type { IBufferCell, Terminal } from "npm:@xterm/headless@6.0.0";

/** A program of this repository on a terminal, and the contents of the screen. */
export interface TerminalSession extends AsyncDisposable {
  /** The process that has the terminal, which is the parent of the program. */
  readonly pid: number;
  /** The rows of text, including those scrolled off, without empty ones at the end. */
  readonly screen: () => string[];
  /** Everything that was written, unchanged. */
  readonly written: () => string;
  /** The terminal itself, with its colors. */
  readonly terminal: xterm.Terminal;
  /**
   * Resolves when the screen meets the condition. Rejects if the program ends before, or after 60
   * s.
   */
  until(isSo: (screen: string[]) => boolean): Promise<void>;
  /** Makes the terminal wider or narrower. */
  resize(columns: number): Promise<void>;
  /** Types text. */
  type(text: string): Promise<void>;
  /** Types Ctrl-C. */
  interrupt(): Promise<void>;
  /** The exit code. */
  readonly ended: Promise<number>;
}

/**
 * Starts a program with stdout and stderr on a pseudo-terminal. `script` of util-linux creates it,
 * an essential package of every distribution.
 */
export function startOnTerminal(
  command: readonly string[],
  { env = {}, cwd = ".", columns = 80, redirect = "" }: Pick<RunOptions, "env"> & {
    /** The folder in which it runs. Default: this repository, where tests run. */
    readonly cwd?: string;
    readonly columns?: number;
    /** The shell's redirections: `>/dev/null`. */
    readonly redirect?: string;
  } = {},
): TerminalSession {
  const words = [Deno.execPath(), "run", "-q", "--no-check", "--no-prompt", ...command];
  const line = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const shell = `tty; stty cols ${columns} rows 24; exec ${line} ${redirect}`;
  const child = new Deno.Command("script", {
    args: ["-qefc", shell, "/dev/null"],
    cwd,
    env: { ...NO_SETTINGS, TERM: "xterm-256color", ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const terminal = new xterm.Terminal({ cols: columns, rows: 24, allowProposedApi: true });
  const input = child.stdin.getWriter();
  let written = "";
  let isOver = false;
  let look = () => {};
  const reading = (async () => {
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
      written += part;
      await new Promise<void>((resolve) => terminal.write(part, resolve));
      look();
    }
    isOver = true;
    look();
  })();
  const screen = () => {
    const { active } = terminal.buffer;
    const rows = Array.from({ length: active.length }, (_, row) => {
      return active.getLine(row)!.translateToString(true);
    });
    return rows.slice(1, rows.findLastIndex((row) => row !== "") + 1);
  };
  const until = (isSo: (screen: string[]) => boolean) =>
    new Promise<void>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${why}: ${JSON.stringify(screen())}`));
      const timer = setTimeout(fail, 60_000, "Not seen within 60 s");
      look = () => {
        const isSeen = isSo(screen());
        if (!isSeen && !isOver) return;
        clearTimeout(timer);
        look = () => {};
        if (isSeen) resolve();
        else fail("Ended");
      };
      look();
    });
  const ended = (async () => {
    const { code } = await child.status;
    await reading;
    await input.close().catch(() => {});
    return code;
  })();
  return {
    pid: child.pid,
    screen,
    written: () => written,
    terminal,
    until,
    ended,
    resize: async (columns) => {
      const tty = /^(\/dev\/\S+)/.exec(written)![1]!;
      terminal.resize(columns, 24);
      await new Deno.Command("stty", { args: ["-F", tty, "cols", String(columns)] }).output();
    },
    type: (text) => input.write(new TextEncoder().encode(text)),
    interrupt: () => input.write(new Uint8Array([3])),
    async [Symbol.asyncDispose]() {
      if (!isOver) child.kill("SIGKILL");
      await ended;
      terminal.dispose();
    },
  };
}
