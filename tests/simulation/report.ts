import type { Outcome } from "./history.ts";
import type { Runs } from "./parallel.ts";
import { FAULT_NAMES } from "./plan.ts";
import type { Smallest } from "./shrink.ts";

/** The number of a timeline's last lines that are printed with a failure. */
const MOST_LINES = 80;

/** Prints the number of histories, their faults, and the failures. */
export function runsText(
  { runs, seconds, events, steps, duration, coverage, failed }: Runs,
): string {
  const rate = (runs / seconds).toFixed(1);
  const lines = [
    `${runs} histories in ${seconds.toFixed(1)} s (${rate} a second): ${events} events, ` +
    `${steps} steps, ${(duration / 3_600_000).toFixed(1)} h of virtual time`,
    `faults: ${FAULT_NAMES.map((fault) => `${fault} ${coverage.get(fault) ?? 0}`).join(", ")}`,
  ];
  for (const [kind, some] of Map.groupBy(failed, ({ kind }) => kind)) {
    lines.push(`failed: ${kind} (${some.length}): ${some.map(({ seed }) => seed).join(" ")}`);
    lines.push(`  seed ${some[0]!.seed}: ${some[0]!.detail}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Prints one history: its timeline, if it has one, and its results. */
export function outcomeText(seed: number, outcome: Outcome, mostLines = Infinity): string {
  const { timeline, events, steps, coverage, failures } = outcome;
  const faults = [...coverage].map(([fault, times]) => `${fault} ${times}`).join(", ");
  const left = timeline.length - mostLines;
  return [
    ...left > 0 ? [`… ${left} lines before`] : [],
    ...timeline.slice(Math.max(0, left)),
    `seed ${seed}: ${events} events, ${steps} steps, faults: ${faults || "none"}`,
    ...failures.map(({ kind, detail }) => `failed: ${kind}: ${detail}`),
    "",
  ].join("\n");
}

/** Prints the smallest form of a failing history, with the command that repeats it. */
export function smallestText({ seed, outcome, command }: Smallest): string {
  return `\nThe smallest form of seed ${seed}:\n${
    outcomeText(seed, outcome, MOST_LINES)
  }Repeat it: ${command}\n`;
}
