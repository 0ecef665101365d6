import { Comparison, type FoundRecord } from "../../../lib/verify/comparison.ts";
import { MissingRecords } from "../../../lib/verify/missing.ts";
import { newReport, type VerifyReport } from "../../../lib/verify/report.ts";
import { editSchema } from "../../../lib/edits/message/edit.ts";
import type { ExpectedEdit } from "./expected.ts";

/** All times, since some edits are years old. */
const SPAN = { since: 0, until: Infinity };
const fieldNames = Object.keys(editSchema.shape);

/**
 * Compares records, in the order of each partition, with the edits of a served log, as
 * `deno task verify` does.
 */
export class Checker {
  readonly #edits: readonly ExpectedEdit[];
  readonly #report = newReport(SPAN);
  readonly #comparison = new Comparison({ ...SPAN, fieldNames }, this.#report);

  /** @param partitions The number of partitions of the topic that has, or had, the records. */
  constructor(edits: readonly ExpectedEdit[], partitions: number) {
    this.#edits = edits;
    for (const { record, log } of edits) this.#comparison.expect(record, log);
    this.#report.expected = edits.length;
    this.#comparison.beginTopic({ topic: TOPIC, partitions, hasAppendTimes: false });
  }

  take(partition: number, record: FoundRecord): void {
    this.#comparison.take(partition, record);
  }

  /** Returns the report, once all records are taken. */
  end(): VerifyReport {
    const missing = new MissingRecords(this.#report);
    for (const { record } of this.#comparison.expected.missing === 0 ? [] : this.#edits) {
      if (this.#comparison.explain(record)) missing.judge(record, ANY);
    }
    missing.takeRest(this.#comparison.leftovers);
    return this.#report;
  }
}

/** The topic name of expected records, regardless of its real name. */
export const TOPIC = "edits";
/** Every missing record counts as lost. */
const ANY = { isHandled: true, topic: undefined, bytes: 0 };
