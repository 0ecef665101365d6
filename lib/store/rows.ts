import { type Edit, editSchema, toEdit } from "../edits/message/edit.ts";
import { domainOf, isBot, namespaceOf, titleOf, typeOf, userOf } from "../edits/event_fields.ts";
import { namespaceName } from "../edits/message/namespaces.ts";
import { timestampOf } from "../edits/message/timestamp.ts";
import {
  type Event,
  parseBody,
  parseEvent,
  RejectedEvent,
  wrongShape,
} from "../upstream/parse/event.ts";

/** What a row needs of a record. */
export interface SourceRecord {
  readonly offset: string;
  /** ms since the epoch, in digits. */
  readonly timestamp: string;
  readonly value: Uint8Array | null;
}

/** One row of the table of edits. */
export interface EditRow {
  readonly offset: bigint;
  /** When it happened, in ms since the epoch. */
  readonly time: number;
  /** `edit`, `new`, `log` …, or the stream's name; null for the nine fields, which do not tell. */
  readonly type: string | null;
  /** Number of the change on its wiki. */
  readonly changeId: number | null;
  readonly domain: string;
  readonly namespace: string | null;
  readonly title: string;
  readonly userName: string | null;
  readonly isBot: boolean | null;
  readonly oldLength: number | null;
  readonly newLength: number | null;
  /** The upstream JSON where the record is one; null for the nine fields. */
  readonly event: string | null;
}

/** A record that is no edit, to be put aside. */
export interface BadRow {
  readonly offset: bigint;
  /** The record's own timestamp in ms since the epoch, null where it has none that can be. */
  readonly time: number | null;
  /** Such as `bad JSON`, `wrong shape: title`, `unknown field: colour`. */
  readonly reason: string;
  /** At most the first {@linkcode KEPT_BYTES} bytes. */
  readonly value: Uint8Array | null;
  /** Bytes of the whole value. */
  readonly size: number;
  /** Whether `value` is only the beginning. */
  readonly isCut: boolean;
}

/** The rows of a number of records. */
export interface Rows {
  readonly edits: readonly EditRow[];
  readonly bad: readonly BadRow[];
}

/** How much of a bad record is kept, in bytes. */
export const KEPT_BYTES = 65_536;

/**
 * The most of a text that is in an index, in UTF-16 units: PostgreSQL takes no index entry beyond
 * 2,704 bytes. MediaWiki's own limit for titles and user names is 255 bytes.
 */
const LONGEST = [
  ["domain", 253],
  ["title", 512],
  ["userName", 512],
  ["namespace", 512],
  ["type", 249],
] as const;

/** The last ms of the year 9999: not every database, and no Python, has later dates. */
const LAST_TIME = Date.UTC(10_000, 0) - 1;

/** Sorts records into rows; every record becomes one, and nothing is thrown. */
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
  if (value === null) throw new RejectedEvent("no value");
  const body = parseBody(value);
  // Only the events of upstream have it.
  const row = Object.hasOwn(body, "meta")
    ? rowOfEvent(BigInt(offset), parseEvent(value, body))
    : rowOfEdit(BigInt(offset), body);
  refuseUnstorable(row);
  return row;
}

const strictSchema = editSchema.strict();

function rowOfEdit(offset: bigint, body: unknown): EditRow {
  const checked = strictSchema.safeParse(body);
  if (!checked.success) throw refusal(checked.error);
  const edit = checked.data;
  const time = Date.parse(edit.timestamp);
  if (!(time >= 0 && time <= LAST_TIME)) throw new RejectedEvent("wrong shape: timestamp");
  return { offset, time, type: null, ...fieldsOf(edit), event: null };
}

/** A missing field tells more than a foreign one, so that one is named first. */
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

/** Of the other streams only what they have in common is read; the rest is in the event. */
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
 * What a database would refuse must not reach it: one such row would hold up all others. Nor must
 * lengths below 0: the difference of two others is always an exact number.
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
    value: value?.subarray(0, KEPT_BYTES) ?? null,
    size: value?.length ?? 0,
    isCut: (value?.length ?? 0) > KEPT_BYTES,
  };
}
