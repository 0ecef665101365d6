import { getLogger } from "@logtape/logtape";
import { terminalWidth, writeFooter } from "../terminal/output.ts";
import { type ProgramStatus, renderStatus, statusText } from "../terminal/status_line.ts";
import type { logOptions } from "./log.ts";
import type { Values } from "./option.ts";

/** Interval between two redraws of the status line, in ms. */
const DRAW_EVERY = 500;
/**
 * Time before the first line without a terminal, in ms. Later intervals double, except for work
 * with a known end.
 */
const FIRST_REPORT = 10_000;
/** Longest interval between two log lines, in ms. */
const LONGEST_PAUSE = 60_000;

/** Options of {@linkcode showStatus}. */
export interface StatusOptions {
  /** The logger, if the status goes to the log. */
  readonly component: string;
  /** Returns the current status. */
  readonly snapshot: () => ProgramStatus;
  /** The log options of the program. */
  readonly log: Values<typeof logOptions.options>;
}

/**
 * Shows the status of a program until it is disposed of: in the last line of a terminal, otherwise
 * in the log. The log gets a line after 10, 20 and 40 s, then once a minute, if anything has
 * changed.
 */
export function showStatus(options: StatusOptions): Disposable {
  if (options.log.quiet) return { [Symbol.dispose]: () => {} };
  const isInteractive = options.log.logFormat === "text" && Deno.stderr.isTerminal() && !isDumb();
  return isInteractive ? drawStatus(options) : logStatus(options);
}

/** Returns whether the terminal can only print lines. Without permission to ask: false. */
function isDumb(): boolean {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "TERM" });
  return state === "granted" && Deno.env.get("TERM") === "dumb";
}

function drawStatus({ snapshot }: StatusOptions): Disposable {
  const isColored = !Deno.noColor;
  // The last column stays free, because some terminals wrap when it is written.
  const draw = () => writeFooter(renderStatus(snapshot(), terminalWidth() - 1, { isColored }));
  const timer = setInterval(draw, DRAW_EVERY);
  draw();
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      writeFooter("");
    },
  };
}

function logStatus({ snapshot, component }: StatusOptions): Disposable {
  const log = getLogger(["wikitap", component]);
  /** The last text. The first status is taken at once, because rates need two. */
  let before = statusText(snapshot());
  let pause = FIRST_REPORT;
  const report = () => {
    const status = snapshot();
    const text = statusText(status);
    if (text !== before) log.info("{status}", { status: text, ...status.facts });
    before = text;
    pause = status.progress === undefined ? Math.min(2 * pause, LONGEST_PAUSE) : FIRST_REPORT;
    timer = setTimeout(report, pause);
  };
  let timer = setTimeout(report, pause);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
