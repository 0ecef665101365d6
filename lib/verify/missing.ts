import { murmur2 } from "../kafka/wire/murmur2.ts";
import type { ProducerRecord } from "../shared/producer_record.ts";
import { exampleOf } from "./comparison.ts";
import type { Leftovers } from "./leftovers.ts";
import { note, type Unverifiable, type VerifyReport } from "./report.ts";

/** The facts that decide whether a record that is not in its topic counts as lost. */
export interface MissingContext {
  /** Whether the producer has handled the event of the record. */
  readonly isHandled: boolean;
  /** The topic; `undefined` if it does not exist. */
  readonly topic: {
    readonly partitions: number;
    /** `max.message.bytes`; `undefined` if it is unknown. */
    readonly maxBytes: number | undefined;
    /**
     * The time of the oldest record by partition, in ms since 1970, if retention deleted older
     * ones.
     */
    readonly deletedBefore: ReadonlyMap<number, number>;
    /** Partitions whose end cannot be read yet, because a transaction is open. */
    readonly open: ReadonlySet<number>;
  } | undefined;
  /** Bytes of the record as a record batch of its own. */
  readonly bytes: number;
}

/** The maximum number of lost records that are kept for a repair, and of their bytes. */
const MAX_LOST = 100_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** Classifies the expected records that were not found, and keeps those that are lost. */
export class MissingRecords {
  /** Lost records, in upstream's order. The first 100,000 are kept, or 64 MiB of them. */
  readonly lost: ProducerRecord[] = [];
  #bytes = 0;
  readonly #report: VerifyReport;

  /** @param report Receives the counts. */
  constructor(report: VerifyReport) {
    this.#report = report;
  }

  /** Classifies an expected record that is not in its topic. */
  judge(record: ProducerRecord, context: MissingContext): void {
    const { topic, bytes } = context;
    if (topic?.maxBytes !== undefined && bytes > topic.maxBytes) {
      return reject(this.#report, "larger than max.message.bytes");
    }
    const reason = unverifiable(record, context);
    if (reason !== undefined) {
      this.#report.unverifiable[reason]++;
      return;
    }
    note(this.#report, "lost", () => exampleOf({ ...record, partition: null, offset: null }));
    this.#keep(record);
  }

  /** Counts the records of the topic that are not expected. */
  takeRest(leftovers: Leftovers): void {
    for (const leftover of leftovers.rest) {
      note(this.#report, "foreign", () => exampleOf(leftover));
    }
    if (leftovers.dropped === 0) return;
    this.#report.differences.foreign += leftovers.dropped;
    this.#report.notes.add(
      "The topic has too many unexpected records. Only the first 20,000 were compared with " +
        "missing ones; the others count as foreign. Check that the options are the producer's",
    );
  }

  #keep(record: ProducerRecord): void {
    this.#bytes += record.value.length + (record.key?.length ?? 0);
    if (this.lost.length < MAX_LOST && this.#bytes <= MAX_BYTES) this.lost.push(record);
  }
}

/** Counts an event or a record that the producer's rules reject. */
export function reject({ rejected }: VerifyReport, reason: string): void {
  const known = rejected.has(reason) || rejected.size < MAX_REASONS ? reason : "other reasons";
  rejected.set(known, (rejected.get(known) ?? 0) + 1);
}

/** Reasons name paths of hostile events, so their number is limited. */
const MAX_REASONS = 20;

function unverifiable(
  { key, timestamp }: ProducerRecord,
  { isHandled, topic }: MissingContext,
): Unverifiable | undefined {
  if (!isHandled) return "notYetPublished";
  if (topic === undefined) return undefined;
  const { deletedBefore, open, partitions } = topic;
  // A record without a key may be in any partition.
  const may = key === null ? [...Array(partitions).keys()] : [murmur2(key) % partitions];
  if (may.some((partition) => timestamp < (deletedBefore.get(partition) ?? 0))) {
    return "deletedByRetention";
  }
  return may.some((partition) => open.has(partition)) ? "inOpenTransaction" : undefined;
}
