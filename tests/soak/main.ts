/**
 * Checks that producer, consumer and store keep their memory, their handles and every edit. Runs
 * them for an hour, with a reconnect every minute, on a Kafka and databases of its own.
 *
 *     deno task soak
 */
import { isKept } from "../chaos/harness/report.ts";
import { option, type OptionGroup } from "../../lib/cli/option.ts";
import { program, runMain } from "../../lib/cli/program.ts";
import { examplesText } from "../../lib/cli/programs/verify/verify_report.ts";
import { duration, integer, positiveDuration } from "../../lib/cli/values.ts";
import { ExitCode, UserError } from "../../lib/shared/error.ts";
import { writeOutput } from "../../lib/terminal/output.ts";
import { tableText } from "../../lib/terminal/table.ts";
import type { VerifyReport } from "../../lib/verify/report.ts";
import type { Usage } from "../support/programs/process.ts";
import { runSoak } from "./run.ts";
import type { Watched } from "./watched.ts";

const soakOptions = {
  title: "Size",
  options: {
    for: option({
      placeholder: "DURATION",
      help: "Duration of the measurement.",
      parse: positiveDuration,
      default: 3_600_000,
      defaultText: "1h",
    }),
    warmUp: option({
      placeholder: "DURATION",
      help: "Run time before the measurement.",
      parse: duration,
      default: 300_000,
      defaultText: "5m",
    }),
    every: option({
      placeholder: "DURATION",
      help: "Interval of measurements.",
      parse: positiveDuration,
      default: 10_000,
      defaultText: "10s",
    }),
    reconnect: option({
      placeholder: "DURATION",
      help:
        "Maximum duration of a connection to the stream. In the same time one is cut, on average.",
      parse: positiveDuration,
      default: 60_000,
      defaultText: "1m",
    }),
    rate: option({
      placeholder: "N",
      help: "Approximate number of edits per second.",
      parse: integer(1, 5000),
      default: 100,
    }),
  },
} satisfies OptionGroup;

/** The number of additional handles and sockets that are not growth: one may be in replacement. */
const HANDLES_MAY_GROW = 2;

export const main = program({
  usage: "deno task soak",
  summary:
    "Runs producer, consumer and store for an hour, with a reconnect upstream every minute. " +
    "Fails when the memory of one grows beyond what is allowed, or its handles or sockets by more " +
    `than ${HANDLES_MAY_GROW}; or when an edit is lost, duplicated or out of order within its page.`,
  examples: [
    ["deno task soak", "An hour, after five minutes to get warm"],
    ["deno task soak --for 3m --warm-up 30s", "A short one: its memory is still growing warm"],
  ],
  groups: [soakOptions],
  async run({ for: length, ...options }, stop) {
    let reportedAt = 0;
    const report = await runSoak({
      ...options,
      length,
      stop,
      onMeasured(time, watched) {
        if (time < reportedAt) return;
        reportedAt = time + 60_000;
        writeOutput(`${(time / 60_000).toFixed(1)} min: ${watched.map(nowText).join(", ")}\n`);
      },
    }).catch((cause) => {
      throw stop.aborted ? new UserError("Stopped before there was a verdict") : cause;
    });
    const usages = report.watched.flatMap(usageRows);
    const places = Object.entries(report.places);
    writeOutput(`\n${tableText(usages)}\n${tableText(places.map(placeRow))}\n`);
    for (const [, report] of places) writeOutput(examplesText(report).join("\n"));
    const isGood = usages.every(({ verdict }) => verdict === GOOD) &&
      places.every(([, report]) => isKept(report));
    writeOutput(
      `${isGood ? "Kept" : "BROKEN"}: ${report.connections} connections upstream, ${report.cuts} ` +
        `of them cut, ${new Date().toISOString().slice(0, 10)}\n`,
    );
    return isGood ? ExitCode.done : ExitCode.failure;
  },
});

const GOOD = "kept";

/** Returns the measurements of a program, one row per figure. */
function usageRows(watched: Watched) {
  const { name, mayGrow } = watched.options;
  const rowOf = (figure: keyof Usage, unit: number, mayGrow: number) => {
    const { start, end, max, perHour } = watched.growth(figure);
    const rounded = (value: number) => Math.round(value / unit * 10) / 10;
    return {
      program: name,
      figure: unit === 1 ? figure : `${figure}, MiB`,
      start: rounded(start),
      end: rounded(end),
      max: rounded(max),
      "per hour": rounded(perHour),
      "may grow by": mayGrow,
      verdict: end - start <= mayGrow * unit ? GOOD : "GREW",
    };
  };
  return [
    rowOf("memory", 1_048_576, mayGrow),
    rowOf("handles", 1, HANDLES_MAY_GROW),
    rowOf("sockets", 1, HANDLES_MAY_GROW),
  ];
}

function placeRow([place, { expected, found, differences }]: [string, VerifyReport]) {
  const { outOfOrder, wrongPartition, ...others } = differences;
  return {
    place,
    expected,
    found,
    ...others,
    "out of order": outOfOrder,
    "in another partition": wrongPartition,
  };
}

function nowText(watched: Watched): string {
  const { memory, handles, sockets } = watched.latest;
  return `${watched.options.name} ${Math.round(memory / 1_048_576)} MiB ${handles}/${sockets}`;
}

if (import.meta.main) await runMain(main);
