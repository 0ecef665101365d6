import type { BrokerFaults } from "./broker_faults.ts";
import type { VerifyReport } from "../../../lib/verify/report.ts";
import type { ProducerFaults } from "./producer_faults.ts";
import type { Sent, UpstreamFaults } from "./upstream.ts";

/** The faults of a run, and its results. */
export interface ChaosReport {
  readonly seconds: number;
  /** Upstream events, and the number that the producer has handled according to its position. */
  readonly events: number;
  readonly handled: number;
  /** Upstream events that cannot be read. */
  readonly garbage: number;
  /** Upstream events with the `meta.id` of an earlier one. */
  readonly repeats: number;
  readonly producer: ProducerFaults["counts"];
  readonly brokers: BrokerFaults["counts"];
  readonly compressed: BrokerFaults["compressed"];
  /** Steps of the producer's clock that it saw. */
  readonly clockSteps: number;
  /** Starts that the producer gave up itself, because no broker answered. */
  readonly gaveUp: number;
  readonly sent: Sent;
  readonly faults: UpstreamFaults;
  /**
   * Records in the log of transactions that were aborted: no reader of committed records sees them.
   */
  readonly aborted: number;
  /** The comparison of the topic with what was served. */
  readonly verdict: VerifyReport;
}

/** Whether the producer kept its guarantees. */
export function isKept(
  { differences: { duplicated, ...others } }: Pick<VerifyReport, "differences">,
  delivery = "exactly-once",
): boolean {
  const isOnce = duplicated === 0 || delivery === "at-least-once";
  return isOnce && Object.values(others).every((count) => count === 0);
}

/** Returns a table of the faults and the results. */
export function reportText(report: ChaosReport): string {
  const { verdict, faults, producer, brokers, sent } = report;
  const { differences } = verdict;
  const rows: readonly (readonly [string, string | number])[] = [
    ["events upstream", report.events],
    ["with the id of an earlier one", report.repeats],
    ["rejected: no JSON", report.garbage],
    ["events handled", report.handled],
    ["events sent again after a reconnect", sent.again],
    ["connections upstream", sent.connections],
    ["over HTTP/2", sent.http2],
    ["cut in the middle of a frame", faults.cuts],
    ["gone silent", faults.stalls],
    ["forgotten by the network", faults.dead],
    ["ended by an error event", faults.errors],
    ["rejected with 429 or 500", faults.statuses],
    ["with more than 10,000 events sent again", sent.longResumes],
    ["events left out at first, to be read again", faults.gaps],
    ["producer killed", producer.kills],
    ["within an open transaction", producer.killsInTransaction],
    ["producer frozen beyond the transaction timeout", producer.freezes],
    ["within an open transaction", producer.freezesInTransaction],
    ["producer restarted at the end of a burst", producer.restarts],
    ["steps of the producer's clock", report.clockSteps],
    ["starts that ended as no broker answered", report.gaveUp],
    ["brokers killed", brokers.kills],
    ["brokers frozen beyond the transaction timeout", brokers.freezes],
    ["events while the brokers compressed the topic", sum(report.compressed.values())],
    ...[...report.compressed].map(([codec, events]) => [`with ${codec}`, events] as const),
    ["records of aborted transactions", report.aborted],
    ["edits to publish", verdict.expected],
    ["edits published", verdict.found],
    ["lost", differences.lost],
    ["duplicated", differences.duplicated],
    ["with other values", differences.different],
    ["out of order within a page", differences.outOfOrder],
    ["in another partition than their page's", differences.wrongPartition],
    ["published but never served", differences.foreign],
  ];
  const wide = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) =>
    `${name.padEnd(wide)}  ${value.toLocaleString("en").padStart(11)}\n`
  ).join("");
}

function sum(counts: Iterable<number>): number {
  return [...counts].reduce((total, count) => total + count, 0);
}
