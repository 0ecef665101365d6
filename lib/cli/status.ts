import { getLogger } from "@logtape/logtape";
import { terminalWidth, writeFooter } from "../terminal/output.ts";
import { renderStatus, type Status, statusText } from "../terminal/status_line.ts";
import type { logOptions } from "./log.ts";
import type { Values } from "./option.ts";

/** How often the line is drawn anew, in ms; so long it takes to follow a terminal's new size. */
const DRAW_EVERY = 500;
/**
 * Where there is no terminal: the first line comes after so many ms, the others less often, but for
 * a work with an end, which is told that often until it is done.
 */
const FIRST_REPORT = 10_000;
/** A line a minute is enough for a log. */
const LONGEST_PAUSE = 60_000;

export interface StatusOptions {
  /** The station that says it, where it goes to the log. */
  readonly station: string;
  /** The state of things. */
  readonly look: () => Status;
  /** Whether it is shown, and for whom. */
  readonly log: Values<typeof logOptions.options>;
}

/**
 * Shows what a program is doing, until it is disposed of: on a terminal in its last line, otherwise,
 * and on one that is dumb, in the log, after 10, 20, 40 s and then once a minute, unless nothing has changed.
 */
export function showStatus(options: StatusOptions): Disposable {
  if (options.log.quiet) return { [Symbol.dispose]: () => {} };
  const isForPeople = options.log.logFormat === "text" && Deno.stderr.isTerminal() && !isDumb();
  return isForPeople ? drawStatus(options) : logStatus(options);
}

/** A terminal that prints lines and can do no more. One that may not be asked can. */
function isDumb(): boolean {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "TERM" });
  return state === "granted" && Deno.env.get("TERM") === "dumb";
}

function drawStatus({ look }: StatusOptions): Disposable {
  const isColoured = !Deno.noColor;
  // The last column stays free: some terminals wrap as soon as it is written to.
  const draw = () => writeFooter(renderStatus(look(), terminalWidth() - 1, { isColoured }));
  const timer = setInterval(draw, DRAW_EVERY);
  draw();
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      writeFooter("");
    },
  };
}

function logStatus({ look, station }: StatusOptions): Disposable {
  const log = getLogger(["wikitap", station]);
  /** What it said last; it looks at once, for rates are told between two looks. */
  let before = statusText(look());
  let pause = FIRST_REPORT;
  const report = () => {
    const status = look();
    const text = statusText(status);
    if (text !== before) log.info("{status}", { status: text, ...status.facts });
    before = text;
    pause = status.progress === undefined ? Math.min(2 * pause, LONGEST_PAUSE) : FIRST_REPORT;
    timer = setTimeout(report, pause);
  };
  let timer = setTimeout(report, pause);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
