import type { SchemaElement } from "hyparquet";
import type { BadRow, EditRow } from "../../rows.ts";
import type { Column } from "./parquet_file.ts";

/** The source of rows, the same for a whole file. */
export interface RowSource {
  /** The topic of the records. */
  readonly topic: string;
  /** The partition of the records. */
  readonly partition: number;
}

/** Returns the columns of edits, with the same names as in the other databases. */
export function editColumns({ topic, partition }: RowSource): readonly Column<EditRow>[] {
  return [
    { element: text("topic"), valueOf: () => topic },
    { element: required("partition", "INT32"), valueOf: () => partition },
    { element: required("record_offset", "INT64"), valueOf: ({ offset }) => offset },
    { element: time("REQUIRED"), valueOf: (row) => new Date(row.time) },
    { element: optionalText("type"), valueOf: ({ type }) => type },
    { element: optional("change_id", "INT64"), valueOf: ({ changeId }) => bigOrNull(changeId) },
    { element: text("domain"), valueOf: ({ domain }) => domain },
    { element: optionalText("namespace"), valueOf: ({ namespace }) => namespace },
    { element: text("title"), valueOf: ({ title }) => title },
    { element: optionalText("user_name"), valueOf: ({ userName }) => userName },
    { element: optional("is_bot", "BOOLEAN"), valueOf: ({ isBot }) => isBot },
    { element: optional("old_length", "INT64"), valueOf: ({ oldLength }) => bigOrNull(oldLength) },
    { element: optional("new_length", "INT64"), valueOf: ({ newLength }) => bigOrNull(newLength) },
    { element: optionalText("event"), valueOf: ({ event }) => event },
  ];
}

/** Returns the columns of records that are not edits. */
export function badColumns({ topic, partition }: RowSource): readonly Column<BadRow>[] {
  return [
    { element: text("topic"), valueOf: () => topic },
    { element: required("partition", "INT32"), valueOf: () => partition },
    { element: required("record_offset", "INT64"), valueOf: ({ offset }) => offset },
    {
      element: time("OPTIONAL"),
      valueOf: (row) => row.time === null ? null : new Date(row.time),
    },
    { element: text("reason"), valueOf: ({ reason }) => reason },
    { element: optional("value", "BYTE_ARRAY"), valueOf: ({ value }) => value },
    { element: required("value_size", "INT64"), valueOf: ({ size }) => BigInt(size) },
    { element: required("is_cut", "BOOLEAN"), valueOf: ({ isCut }) => isCut },
  ];
}

/** Returns the length of all texts of an edit, in UTF-16 units. */
export function textLengthOf({ title, domain, namespace, userName, type, event }: EditRow): number {
  return title.length + domain.length + (namespace?.length ?? 0) + (userName?.length ?? 0) +
    (type?.length ?? 0) + (event?.length ?? 0);
}

function bigOrNull(value: number | null): bigint | null {
  return value === null ? null : BigInt(value);
}

type PhysicalType = NonNullable<SchemaElement["type"]>;

function required(name: string, type: PhysicalType): SchemaElement {
  return { name, type, repetition_type: "REQUIRED" };
}

function optional(name: string, type: PhysicalType): SchemaElement {
  return { name, type, repetition_type: "OPTIONAL" };
}

const STRING: Partial<SchemaElement> = {
  converted_type: "UTF8",
  logical_type: { type: "STRING" },
};

function text(name: string): SchemaElement {
  return { ...required(name, "BYTE_ARRAY"), ...STRING };
}

function optionalText(name: string): SchemaElement {
  return { ...optional(name, "BYTE_ARRAY"), ...STRING };
}

/** Returns a column of ms since 1970, UTC. */
function time(repetition: "REQUIRED" | "OPTIONAL"): SchemaElement {
  return {
    name: "time",
    type: "INT64",
    repetition_type: repetition,
    converted_type: "TIMESTAMP_MILLIS",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MILLIS" },
  };
}
