/** The differences between a topic and its source that are counted. */
export const DIFFERENCES = [
  "lost",
  "duplicated",
  "different",
  "outOfOrder",
  "wrongPartition",
  "foreign",
] as const;

/** One of {@linkcode DIFFERENCES}. */
export type Difference = typeof DIFFERENCES[number];

const UNVERIFIABLE = [
  "notYetPublished",
  "deletedByRetention",
  "inOpenTransaction",
  "olderThanSource",
] as const;

/** Why an expected record that is not in the topic does not count as lost. */
export type Unverifiable = typeof UNVERIFIABLE[number];

/** One record of the report. */
export interface Example {
  /** When the edit happened, ms since 1970. */
  readonly time: number;
  /** The wiki; null if the value does not name it. */
  readonly domain: string | null;
  /** The page, or else the key of the record. */
  readonly title: string | null;
  /** The topic that has the record, or should have it. */
  readonly topic: string;
  /** Null if the record is not in the topic. */
  readonly partition: number | null;
  /** Null if the record is not in the topic. */
  readonly offset: number | null;
  /** For a record that differs: the names of its fields. */
  readonly fields?: readonly string[];
}

/** The result of a comparison. */
export interface VerifyReport {
  /** The start of the span, by the times of the edits, ms since 1970. */
  readonly since: number;
  /** The end of the span, ms since 1970. */
  readonly until: number;
  /** The number of parts into which the span was divided, to bound the memory. */
  pieces: number;
  /** Records that the topic should have. */
  expected: number;
  /** Expected records that the topic has, unchanged. */
  found: number;
  /** The number of each kind of difference. */
  readonly differences: Record<Difference, number>;
  /** Records that cannot be verified. They do not count as lost or foreign. */
  readonly unverifiable: Record<Unverifiable, number>;
  /** Found records that `--repair` has published. */
  repaired: number;
  /** Events, or records, that the producer's rules reject, by reason. */
  readonly rejected: Map<string, number>;
  /** The first records of each difference. */
  readonly examples: Record<Difference, Example[]>;
  /** Remarks, one sentence each. */
  readonly notes: Set<string>;
}

/** Maximum number of examples of each kind. */
const MAX_EXAMPLES = 10;

/** Returns the report of a comparison that has not begun. */
export function newReport({ since, until }: Pick<VerifyReport, "since" | "until">): VerifyReport {
  return {
    since,
    until,
    pieces: 0,
    expected: 0,
    found: 0,
    differences: forEach(DIFFERENCES, () => 0),
    unverifiable: forEach(UNVERIFIABLE, () => 0),
    repaired: 0,
    rejected: new Map(),
    examples: forEach(DIFFERENCES, () => []),
    notes: new Set(),
  };
}

function forEach<K extends string, V>(keys: readonly K[], value: () => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, value()])) as Record<K, V>;
}

/** Counts a difference, and keeps the first examples of each kind. */
export function note(report: VerifyReport, kind: Difference, example: () => Example): void {
  report.differences[kind]++;
  const examples = report.examples[kind];
  if (examples.length < MAX_EXAMPLES) examples.push(example());
}

/** Returns whether the topic has each expected record once, unchanged and in order. */
export function isClean({ differences }: Pick<VerifyReport, "differences">): boolean {
  const { lost, duplicated, different, outOfOrder } = differences;
  return lost + duplicated + different + outOfOrder === 0;
}
