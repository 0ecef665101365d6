import type { Logger } from "@logtape/logtape";
import type { JsonValues } from "../../avro/json_values.ts";
import { type RecordFilter, RecordTest } from "../../edits/filter/record_filter.ts";
import { filterName } from "../options/record_filter.ts";
import type { ReadRecord } from "../../kafka/consume/read_options.ts";

/** Conditions that records must meet. */
export interface RecordConditions {
  /** The earliest timestamp, in ms since the epoch. Default: any. */
  readonly since?: number | undefined;
  /** The end of the timestamps, exclusive, in ms since the epoch. Default: none. */
  readonly until?: number | undefined;
  /** Selects records by key and content. Default: all records pass. */
  readonly filter?: RecordFilter | undefined;
}

/** Selects records, and converts Avro values to JSON. */
export interface RecordSelection {
  /** Returns the selected records. */
  select(
    records: readonly ReadRecord[],
  ): readonly ReadRecord[] | Promise<readonly ReadRecord[]>;
  /** Logs a warning about filters for which no record had a value. */
  end(): void;
}

/** After this many records without a value for a filter, a warning is logged. */
const FIRST_RECORDS = 1000;

/**
 * Creates a selection. Filters see Avro values as JSON.
 *
 * @param log Gets the warning about filters without effect.
 */
export function recordSelection(
  { since = -Infinity, until = Infinity, filter }: RecordConditions,
  readable: JsonValues,
  log: Pick<Logger, "warn">,
): RecordSelection {
  const test = new RecordTest(filter ?? {});
  const isTimed = since > -Infinity || until < Infinity;
  let seen = 0;
  let isWarned = false;
  const warn = () => {
    if (isWarned || seen === 0 || test.lacking.length === 0) return;
    isWarned = true;
    log.warn("No record passes --filter: none of {seen} records has {lacking}", {
      seen,
      lacking: test.lacking.map(filterName).join(", "),
    });
  };
  const passing = (records: readonly ReadRecord[]) => {
    if (filter === undefined) return records;
    const passed = records.filter((record) => test.passes(record));
    seen += records.length;
    if (seen >= FIRST_RECORDS) warn();
    return passed;
  };
  return {
    select(records) {
      const timely = isTimed
        ? records.filter(({ timestamp }) => Number(timestamp) >= since && Number(timestamp) < until)
        : records;
      const values = readable(timely);
      return values instanceof Promise ? values.then(passing) : passing(values);
    },
    end: warn,
  };
}
