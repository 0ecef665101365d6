import {
  type Difference,
  DIFFERENCES,
  type Example,
  isClean,
  type VerifyReport,
} from "../../../verify/report.ts";
import { jsonText, safeText } from "../../../terminal/safe_text.ts";
import { counted } from "../../../terminal/numbers.ts";
import { type TableRow, tableText } from "../../../terminal/table.ts";

/** The names of the differences in the text. */
const NAMES: Readonly<Record<Difference, string>> = {
  lost: "lost",
  duplicated: "duplicated",
  different: "different",
  outOfOrder: "out of order within a key",
  wrongPartition: "in another partition than their key's",
  foreign: "foreign: not from this source",
};

const UNVERIFIABLE_NAMES: Readonly<Record<keyof VerifyReport["unverifiable"], string>> = {
  notYetPublished: "not verifiable: not yet reached by the producer",
  deletedByRetention: "not verifiable: deleted by retention",
  inOpenTransaction: "not verifiable: after an open transaction",
  olderThanSource: "not verifiable: older than the source",
};

/** Returns the report as text. */
export function reportText(report: VerifyReport): string {
  const { expected, found, differences, unverifiable, rejected, repaired } = report;
  const rows: (readonly [string, number])[] = [
    ["expected", expected],
    ["found", found],
    ...DIFFERENCES.map((kind) => [NAMES[kind], differences[kind]] as const),
    ...optional([
      ["published by --repair", repaired],
      ...Object.entries(UNVERIFIABLE_NAMES).map(([reason, name]) =>
        [name, unverifiable[reason as keyof typeof unverifiable]] as const
      ),
      ...[...rejected].map(([reason, count]) => [`rejected: ${reason}`, count] as const),
    ]),
  ];
  const table = tableText(rows.map(([records, count]) => ({ records, count })));
  const notes = [...report.notes, ...advice(report)].map((note) => `- ${safeText(note)}\n`);
  return [
    `From ${iso(report.since)} to ${iso(report.until)}\n\n${table}`,
    ...examplesText(report),
    ...notes.length === 0 ? [] : [notes.join("")],
    `${verdictText(report)}\n`,
  ].join("\n");
}

/** Returns the report as JSON. */
export function reportJson(report: VerifyReport): string {
  const { since, until, rejected, notes, examples, ...counts } = report;
  const readable = Object.entries(examples).map(([kind, list]) => [
    kind,
    list.map(({ time, ...example }) => ({ time: iso(time), ...example })),
  ]);
  return jsonText({
    clean: isClean(report),
    since: iso(since),
    until: iso(until),
    ...counts,
    rejected: Object.fromEntries(rejected),
    examples: Object.fromEntries(readable),
    notes: [...notes, ...advice(report)],
  });
}

function optional(rows: readonly (readonly [string, number])[]): (readonly [string, number])[] {
  return rows.filter(([, count]) => count > 0);
}

/** Returns a table of the first records of each difference. */
export function examplesText({ differences, examples }: VerifyReport): string[] {
  return DIFFERENCES.filter((kind) => differences[kind] > 0).map((kind) => {
    const list = examples[kind];
    const first = list.length < differences[kind] ? `, the first ${list.length}` : "";
    return `${NAMES[kind]}${first}\n${tableText(list.map(exampleRow))}`;
  });
}

function exampleRow({ time, domain, title, topic, partition, offset, fields }: Example): TableRow {
  return {
    time: iso(time),
    domain,
    title,
    topic,
    // Text, so that offsets have no commas.
    partition: partition === null ? null : String(partition),
    offset: offset === null ? null : String(offset),
    ...fields === undefined ? {} : { fields: fields.join(", ") },
  };
}

/** Returns notes on the result, and on what a user can do. */
function advice({ differences, repaired }: VerifyReport): string[] {
  const { lost, duplicated } = differences;
  return [
    ...lost > 0
      ? ["--repair publishes the lost records; they then come after later edits of their pages"]
      : [],
    ...duplicated > 0 ? ["Duplicates cannot be repaired: Kafka cannot delete single records"] : [],
    ...repaired > 0
      ? ["Records that --repair published come after later edits of their pages"]
      : [],
  ];
}

function verdictText(report: VerifyReport): string {
  if (isClean(report)) return "Clean: nothing is lost, duplicated, different or out of order";
  const { lost, duplicated, different, outOfOrder } = report.differences;
  const facts = optional([
    ["lost", lost],
    ["duplicated", duplicated],
    ["different", different],
    ["out of order", outOfOrder],
  ]);
  return `NOT CLEAN: ${
    facts.map(([name, count]) => `${count.toLocaleString("en")} ${name}`).join(", ")
  }`;
}

/** Returns the question that is asked before a repair. */
export function repairQuestion(lost: number, kept: number): string {
  const all = kept < lost
    ? `the first ${kept.toLocaleString("en")} of ${counted(lost, "lost record")}`
    : counted(lost, "lost record");
  return `Publish ${all}?`;
}

function iso(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}
