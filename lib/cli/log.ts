import process from "node:process";
import { configureSync, getJsonLinesFormatter, getLogger, type LogRecord } from "@logtape/logtape";
import { writeError } from "../terminal/output.ts";
import { safeJson, safeText } from "../terminal/safe_text.ts";
import { flag, option, type OptionGroup, type Values } from "./option.ts";
import { oneOf } from "./values.ts";

/** Log options, the same in every program. Logs go to stderr. */
export const logOptions = {
  title: "Logs",
  options: {
    logLevel: option({
      placeholder: "LEVEL",
      help: "Minimum log level: debug, info, warn or error.",
      parse: oneOf("debug", "info", "warn", "error"),
      default: "info",
    }),
    logFormat: option({
      placeholder: "FORMAT",
      help: "text, or json: one object per line.",
      parse: oneOf("text", "json"),
      default: "text",
    }),
    quiet: flag("Show errors only, without progress."),
  },
} satisfies OptionGroup;

/**
 * Configures logging for the process. Every module logs through LogTape's
 * `getLogger(["wikitap", <module>])`, never to the console.
 *
 * One line per log record: `15:04:05 warn  upstream: …`, or with `json` an object with
 * `@timestamp`, `level`, `message`, `logger` and `properties`. Control characters in the text are
 * replaced.
 */
export function configureLog(options: Values<typeof logOptions.options>): void {
  const level = options.quiet
    ? "error"
    : options.logLevel === "warn"
    ? "warning"
    : options.logLevel;
  const format = options.logFormat === "json" ? jsonLine : textLine;
  isClosed = false;
  const sink = (record: LogRecord) => {
    if (!isClosed) writeError(format(record));
  };
  configureSync({
    reset: true,
    sinks: { stderr: sink },
    loggers: [
      { category: ["wikitap"], lowestLevel: level, sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stderr"] },
    ],
  });
}

let isClosed = false;

/** Drops all that is logged from now on: nothing follows a program's final error. */
export function closeLog(): void {
  isClosed = true;
}

/** Logs the warnings of Node's libraries, which would be plain text on stderr otherwise. */
export function logProcessWarnings(): void {
  const logger = getLogger(["wikitap", "process"]);
  process.removeAllListeners("warning");
  process.on("warning", ({ name, message }) => {
    logger.warn("{name}: {message}", { name, message });
  });
}

const jsonFormatter = getJsonLinesFormatter({ message: "rendered" });

/** Formats a log record as one JSON object, see {@linkcode configureLog}. */
export function jsonLine(record: LogRecord): string {
  // As one string, because the formatter would quote each value in it.
  const line = jsonFormatter({ ...record, message: [messageOf(record)] });
  return `${safeJson(line.trimEnd())}\n`;
}

/** Formats a log record as one line of text. */
export function textLine(record: LogRecord): string {
  const time = new Date(record.timestamp).toISOString().slice(11, 19);
  const level = (record.level === "warning" ? "warn" : record.level).padEnd(5);
  const logger = record.category.slice(1).join(".");
  return `${time} ${level} ${logger}: ${safeText(messageOf(record))}\n`;
}

function messageOf({ message }: LogRecord): string {
  return message.map((part, index) =>
    index % 2 === 0 || typeof part === "string" ? part : Deno.inspect(part)
  ).join("");
}
