import process from "node:process";
import { configureSync, getJsonLinesFormatter, getLogger, type LogRecord } from "@logtape/logtape";
import { writeError } from "../terminal/output.ts";
import { safeJson, safeText } from "../terminal/safe_text.ts";
import { flag, option, type OptionGroup, type Values } from "./option.ts";
import { oneOf } from "./values.ts";

/** How much is logged, and how; the same in every program. Logs go to stderr. */
export const logOptions = {
  title: "Logs",
  options: {
    logLevel: option({
      placeholder: "LEVEL",
      help: "The least level that is logged: debug, info, warn or error.",
      parse: oneOf("debug", "info", "warn", "error"),
      default: "info",
    }),
    logFormat: option({
      placeholder: "FORMAT",
      help: "text for people, or json: one object a line, for machines.",
      parse: oneOf("text", "json"),
      default: "text",
    }),
    quiet: flag("No progress, and no log below error."),
  },
} satisfies OptionGroup;

/**
 * Sets up logging for the process. Every station logs through
 * `getLogger(["wikitap", <station>])` of LogTape, and never to the console.
 *
 * One line a record: `15:04:05 warn  upstream: …`, or with `json` an object with `@timestamp`,
 * `level`, `message`, `logger` and `properties`. Text from outside is made harmless for terminals.
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

/** A record as one object of JSON, see {@linkcode configureLog}. */
export function jsonLine(record: LogRecord): string {
  // In one piece, for the formatter would put quotes around each value in it.
  const line = jsonFormatter({ ...record, message: [messageOf(record)] });
  return `${safeJson(line.trimEnd())}\n`;
}

/** A record as one line for people. */
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
