import type { Logger } from "@logtape/logtape";
import type { JsonValues } from "../../avro/json_values.ts";
import { type RecordFilter, RecordTest } from "../../edits/filter/record_filter.ts";
import { filterName } from "../options/record_filter.ts";
import type { ReadRecord } from "../../kafka/consume/reader.ts";

/** Conditions that records have to meet. */
export interface RecordConditions {
  /** The earliest timestamp, in ms since the epoch. Default: any. */
  readonly since?: number | undefined;
  /** The first timestamp that is too late, in ms since the epoch. Default: none is. */
  readonly until?: number | undefined;
  /** Default: all records pass. */
  readonly filter?: RecordFilter | undefined;
}

/** Selects records, whose values it makes readable. */
export interface RecordSelection {
  /** Returns the records that are wanted. */
  select(
    records: readonly ReadRecord[],
  ): readonly ReadRecord[] | Promise<readonly ReadRecord[]>;
  /** Warns of filters that no record had a value for. */
  end(): void;
}

/** After this many records without a value for a filter, a warning is logged. */
const FIRST_RECORDS = 1000;

/**
 * Makes a selection. Filters see values in Avro as JSON.
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
