import { type Edit, editSchema, isEdit, toEdit } from "../edits/message/edit.ts";
import { eventOf, parseValue, type RecordBody } from "../edits/message/record_value.ts";
import {
  domainOf,
  isBot,
  namespaceOf,
  titleOf,
  typeOf,
  userOf,
} from "../edits/event/event_fields.ts";
import { namespaceName } from "../edits/event/namespaces.ts";
import { timestampOf } from "../edits/message/timestamp.ts";
import { type Event, RejectedEvent, wrongShape } from "../upstream/parse/event.ts";

/** The fields of a record that its row needs. */
export interface SourceRecord {
  /** The offset in digits. */
  readonly offset: string;
  /** ms since 1970, in digits. */
  readonly timestamp: string;
  /** The record's value. */
  readonly value: Uint8Array | null;
}

/** One row of the table of edits. */
export interface EditRow {
  /** The offset of the record. */
  readonly offset: bigint;
  /** When it happened, in ms since 1970. */
  readonly time: number;
  /** `edit`, `new`, `log` …, or the stream's name; null for the nine fields, which lack it. */
  readonly type: string | null;
  /** Number of the change on its wiki. */
  readonly changeId: number | null;
  /** Host name of the wiki. */
  readonly domain: string;
  /** Name of the page's namespace. */
  readonly namespace: string | null;
  /** Full name of the page. */
  readonly title: string;
  /** Name of the user; null if upstream redacted it. */
  readonly userName: string | null;
  /** Whether the account or the edit is flagged as a bot. */
  readonly isBot: boolean | null;
  /** Bytes before. */
  readonly oldLength: number | null;
  /** Bytes after. */
  readonly newLength: number | null;
  /** The upstream JSON, if the record has it; null for the nine fields. */
  readonly event: string | null;
}

/** A record that is not an edit: a bad record. */
export interface BadRow {
  /** The offset of the record. */
  readonly offset: bigint;
  /** The record's own timestamp in ms since 1970; null if it has none, or an impossible one. */
  readonly time: number | null;
  /** Such as `bad JSON`, `wrong shape: title`, `unknown field: size`. */
  readonly reason: string;
  /** At most the first {@linkcode KEPT_BYTES} bytes. */
  readonly value: Uint8Array | null;
  /** The size of the whole value, in bytes. */
  readonly size: number;
  /** Whether `value` is only the beginning. */
  readonly isCut: boolean;
}

/** The rows of several records. */
export interface Rows {
  /** Rows of edits, by offset. */
  readonly edits: readonly EditRow[];
  /** Rows of other records, by offset. */
  readonly bad: readonly BadRow[];
}

/** The number of bytes that are stored of a bad record. */
export const KEPT_BYTES = 65_536;

/**
 * The maximum length of indexed texts, in UTF-16 units. PostgreSQL's index entries have at most
 * 2,704 bytes. MediaWiki's own limit for titles and user names is 255 bytes.
 */
const LONGEST = [
  ["domain", 253],
  ["title", 512],
  ["userName", 512],
  ["namespace", 512],
  ["type", 249],
] as const;

/** The last ms of the year 9999: some databases, and Python, have no later dates. */
const LAST_TIME = Date.UTC(10_000, 0) - 1;

/** Converts records to rows. Every record becomes one, and nothing is thrown. */
export function toRows(records: readonly SourceRecord[]): Rows {
  const edits: EditRow[] = [];
  const bad: BadRow[] = [];
  for (const record of records) {
    try {
      edits.push(toEditRow(record));
    } catch (error) {
      if (!(error instanceof RejectedEvent)) throw error;
      bad.push(toBadRow(record, error.message));
    }
  }
  return { edits, bad };
}

function toEditRow({ offset, value }: SourceRecord): EditRow {
  const body = parseValue(value);
  const event = eventOf(value!, body);
  const row = event ? rowOfEvent(BigInt(offset), event) : rowOfEdit(BigInt(offset), body);
  refuseUnstorable(row);
  return row;
}

const strictSchema = editSchema.strict();

function rowOfEdit(offset: bigint, body: RecordBody): EditRow {
  const edit = isEdit(body) ? body : checkedEdit(body);
  const time = Date.parse(edit.timestamp);
  if (!(time >= 0 && time <= LAST_TIME)) throw new RejectedEvent("wrong shape: timestamp");
  return { offset, time, type: null, ...fieldsOf(edit), event: null };
}

function checkedEdit(body: RecordBody): Edit {
  const checked = strictSchema.safeParse(body);
  if (!checked.success) throw refusal(checked.error);
  return checked.data;
}

/** Names a missing field before a foreign one, since it explains more. */
function refusal(error: Parameters<typeof wrongShape>[0]): RejectedEvent {
  const [issue] = error.issues;
  if (issue?.code !== "unrecognized_keys") return wrongShape(error);
  const [key = ""] = issue.keys;
  return new RejectedEvent(`unknown field: ${key.slice(0, 100).replaceAll("\0", "\\0")}`);
}

const eventDecoder = new TextDecoder();

function rowOfEvent(offset: bigint, event: Event): EditRow {
  const common = {
    offset,
    time: timestampOf(event.meta.dt),
    type: typeOf(event) ?? null,
    event: eventDecoder.decode(event.data),
  };
  return event.meta.stream === "mediawiki.recentchange"
    ? { ...common, ...fieldsOf(toEdit(event)) }
    : { ...common, ...fieldsOfOther(event) };
}

type Fields = Omit<EditRow, "offset" | "time" | "type" | "event">;

function fieldsOf(edit: Edit): Fields {
  return {
    changeId: edit.id,
    domain: edit.domain,
    namespace: edit.namespace,
    title: edit.title,
    userName: edit.user_name,
    isBot: edit.user_type === "bot",
    oldLength: edit.old_length,
    newLength: edit.new_length,
  };
}

/** Reads the common fields of the other streams; the rest is in the event. */
function fieldsOfOther(event: Event): Fields {
  const [domain, title, namespace] = [domainOf(event), titleOf(event), namespaceOf(event)];
  if (domain === undefined) throw new RejectedEvent("wrong shape: meta.domain");
  if (title === undefined) throw new RejectedEvent("wrong shape: title");
  return {
    changeId: null,
    domain,
    namespace: namespace === undefined ? null : namespaceName(namespace),
    title,
    userName: userOf(event) ?? null,
    isBot: isBot(event) ?? null,
    oldLength: null,
    newLength: null,
  };
}

/**
 * Throws for rows that a database would reject: one such row would block all others. Negative
 * lengths are rejected too, so that the difference of two lengths is always an exact number.
 */
function refuseUnstorable(row: EditRow): void {
  for (const [name, most] of LONGEST) {
    const text = row[name];
    if (text === null) continue;
    if (text.length > most) throw new RejectedEvent(`too long: ${name}`);
    if (text.includes("\0")) throw new RejectedEvent(`NUL character: ${name}`);
  }
  for (const name of ["oldLength", "newLength"] as const) {
    if (row[name] !== null && row[name] < 0) throw new RejectedEvent(`negative: ${name}`);
  }
}

function toBadRow({ offset, timestamp, value }: SourceRecord, reason: string): BadRow {
  const time = Number(timestamp);
  return {
    offset: BigInt(offset),
    time: time >= 0 && time <= LAST_TIME ? time : null,
    reason,
    value: value?.slice(0, KEPT_BYTES) ?? null,
    size: value?.length ?? 0,
    isCut: (value?.length ?? 0) > KEPT_BYTES,
  };
}
