import { configureSync, type LogRecord, resetSync } from "@logtape/logtape";

/** Collects log records until it is disposed of. */
export function gatherLog(): Disposable & { readonly lines: readonly string[] } {
  const lines: string[] = [];
  const gather = ({ level, message }: LogRecord) => lines.push(`${level}: ${message.join("")}`);
  configureSync({
    reset: true,
    sinks: { gather },
    loggers: [
      { category: ["wikitap"], lowestLevel: "info", sinks: ["gather"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["gather"] },
    ],
  });
  return { lines, [Symbol.dispose]: resetSync };
}
