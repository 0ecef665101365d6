import type { Verdict } from "./checker.ts";
import type { UpstreamFaults } from "./upstream.ts";

/** What was done to the producer, and what came of it. */
export interface ChaosReport {
  readonly seconds: number;
  /** Events upstream, and how many of them the producer says it has handled. */
  readonly events: number;
  readonly handled: number;
  /** Events upstream that no program can read. */
  readonly garbage: number;
  readonly producerKills: number;
  /** Of these, how many left a transaction open. */
  readonly openTransactions: number;
  readonly brokerKills: number;
  /** Starts of the producer that it gave up itself, as no broker answered. */
  readonly gaveUp: number;
  readonly connections: number;
  /** Events that were sent more than once, to be dropped as repeats. */
  readonly sentAgain: number;
  readonly faults: UpstreamFaults;
  /** Records in the log of transactions that were aborted: no reader of committed records sees them. */
  readonly aborted: number;
  readonly verdict: Verdict;
}

/** Whether the producer kept its promise. */
export function isKept({ verdict }: Pick<ChaosReport, "verdict">, delivery: string): boolean {
  const { lost, doubled, disordered, foreign } = verdict;
  return lost === 0 && disordered === 0 && foreign === 0 &&
    (doubled === 0 || delivery === "at-least-once");
}

/** One table of what was done and what came of it, for people. */
export function reportText(report: ChaosReport): string {
  const { verdict, faults, producerKills, openTransactions } = report;
  const rows: readonly (readonly [string, string | number])[] = [
    ["events upstream", report.events],
    ["events handled", report.handled],
    ["of these refused: no JSON", report.garbage],
    ["events sent again after a reconnect", report.sentAgain],
    ["connections upstream", report.connections],
    ["torn in the middle of a frame", faults.cuts],
    ["gone silent", faults.stalls],
    ["ended by an error event", faults.errors],
    ["refused with 429 or 500", faults.statuses],
    ["events left out at first, to be read again", faults.gaps],
    ["producer killed", producerKills],
    ["within an open transaction", openTransactions],
    ["starts that ended as no broker answered", report.gaveUp],
    ["brokers killed", report.brokerKills],
    ["records of aborted transactions", report.aborted],
    ["edits to publish", verdict.expected],
    ["edits published", verdict.found],
    ["lost", verdict.lost],
    ["doubled", verdict.doubled],
    ["out of order within a page", verdict.disordered],
    ["published but never served", verdict.foreign],
  ];
  const wide = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) =>
    `${name.padEnd(wide)}  ${value.toLocaleString("en").padStart(11)}\n`
  ).join("");
}
