import { schemaIdOf } from "../avro/wire.ts";
import type { Edit } from "../edits/message/edit.ts";
import { bodyOf, editOf } from "../edits/message/record_value.ts";
import type { ReadRecord } from "../kafka/consume/read_options.ts";
import { safeText } from "../terminal/safe_text.ts";

/** The maximum number of characters of a title, a name, or a value that is not an edit. */
const LONGEST = { title: 120, name: 60, value: 200 } as const;

const decoder = new TextDecoder();

/** Created for the first line: it takes 9 ms, and other formats do not need it. */
let grouped: Intl.NumberFormat | undefined;

/**
 * Returns a record as one readable line: time (UTC), wiki, change of size in bytes, title, user,
 * and a mark for bots. Of a value without the nine fields, it has the beginning of the text. The
 * line is always safe for a terminal.
 */
export function lineOf({ value, timestamp }: ReadRecord): string {
  const body = bodyOf(value);
  const edit = body && editOf(body);
  if (edit !== undefined) return editLine(edit);
  const text = value === null ? "(no value)" : beginningOf(value);
  return `${timeOf(Number(timestamp))}  ${cut(text, LONGEST.value)}`;
}

function beginningOf(value: Uint8Array): string {
  const schemaId = schemaIdOf(value);
  return schemaId === undefined
    ? decoder.decode(value.subarray(0, LONGEST.value * 4))
    : `(Avro of schema ${schemaId})`;
}

function editLine(edit: Edit): string {
  const { domain, title, user_name, user_type } = edit;
  const user = user_name === null ? "(hidden user)" : cut(user_name, LONGEST.name);
  return [
    timeOf(Date.parse(edit.timestamp)),
    cut(domain, LONGEST.name).padEnd(21),
    sizeChange(edit).padStart(8),
    cut(title, LONGEST.title),
    user_type === "bot" ? `${user} [bot]` : user,
  ].join("  ");
}

/** Returns the change of size: `+1,234`, `-56`, `0`; empty if the lengths are unknown. */
function sizeChange({ old_length, new_length }: Edit): string {
  if (new_length === null) return "";
  const change = new_length - (old_length ?? 0);
  grouped ??= new Intl.NumberFormat("en-US");
  return `${change > 0 ? "+" : ""}${grouped.format(change)}`;
}

function timeOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? "--:--:--" : date.toISOString().slice(11, 19);
}

/** Returns at most `length` characters of `text`, made safe for a terminal. */
function cut(text: string, length: number): string {
  const short = text.length > length ? `${text.slice(0, length).toWellFormed()}…` : text;
  return safeText(short);
}
