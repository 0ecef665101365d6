import { configureSync, type LogRecord } from "@logtape/logtape";
import type { World } from "../world/world.ts";
import type { Checker } from "./checker.ts";

/** The maximum log lines per minute of one process, at the levels that users see. */
const MOST_PER_MINUTE = 60;

let listener: ((record: LogRecord) => void) | undefined;
let isConfigured = false;

/** After the first history, all logs of this thread belong to histories. */
function configureLogs(): void {
  if (isConfigured) return;
  isConfigured = true;
  configureSync({
    reset: true,
    sinks: { simulation: (record) => listener?.(record) },
    loggers: [
      { category: ["wikitap"], lowestLevel: "info", sinks: ["simulation"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: [] },
    ],
  });
}

/** Shows the log of a history in its timeline, and checks that it stays short. */
export function listenToLogs(world: World, checker: Pick<Checker, "fail">): void {
  configureLogs();
  listener = (record) => {
    const machine = world.scheduler.current;
    if (machine === undefined) return;
    const text = record.message.join("");
    world.trace(() => `${machine.name}: ${record.level}: ${text}`);
    const minute = Math.floor((world.scheduler.now - machine.bornAt) / 60_000);
    const lines = (machine.lines.get(minute) ?? 0) + 1;
    machine.lines.set(minute, lines);
    if (lines === MOST_PER_MINUTE) {
      checker.fail("noisy", `${lines} lines of log in a minute, such as: ${text}`);
    }
  };
}

export function listenToNothing(): void {
  listener = undefined;
}
