/**
 * Reads the values of records. All readers of a topic use it. A value is a JSON object of one of
 * three forms: the nine fields, the upstream event (`--payload event`), or fields named by their
 * paths (`--fields`). CloudEvents put their attributes into headers, so their values are the same.
 * Avro is converted to this JSON where a batch comes in (`avro/json_values.ts`).
 */
import { type Event, parseBody, parseEvent, RejectedEvent } from "../../upstream/parse/event.ts";
import { domainOf, type EventFields, RECENTCHANGE, titleOf } from "../event/event_fields.ts";
import { namespaceNumber } from "../event/namespaces.ts";
import { wikiNameOf } from "../event/wiki_name.ts";
import { type Edit, editSchema, isEdit } from "./edit.ts";

/** The JSON object of a value. */
export type RecordBody = Event["body"];

/**
 * Returns the JSON object of a value.
 *
 * @throws {RejectedEvent} `no value`, or what {@linkcode parseBody} throws.
 */
export function parseValue(value: Uint8Array | null): RecordBody {
  if (value === null) throw new RejectedEvent("no value");
  return parseBody(value);
}

/** Returns the JSON object of a value; `undefined` if it is none. */
export function bodyOf(value: Uint8Array | null): RecordBody | undefined {
  return unlessRejected(() => parseValue(value));
}

/** Returns the nine fields; `undefined` if they are not all there. Other fields may be, too. */
export function editOf(body: RecordBody): Edit | undefined {
  return isEdit(body) ? body : editSchema.safeParse(body).data;
}

/**
 * Returns the upstream event, which alone has `meta`; `undefined` for other forms.
 *
 * @throws {RejectedEvent} `wrong shape: <path>` if `meta` lacks a required field.
 */
export function eventOf(value: Uint8Array, body: RecordBody): Event | undefined {
  return Object.hasOwn(body, "meta") ? parseEvent(value, body) : undefined;
}

/** Returns the result; `undefined` if `RejectedEvent` is thrown. */
export function unlessRejected<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RejectedEvent) return undefined;
    throw error;
  }
}

/** Returns the facts that filters use, of any form; unknown ones are lacking. */
export function fieldsOf(body: RecordBody): EventFields {
  const type = textOf(body.type);
  const meta = body.meta as RecordBody | null | undefined;
  if (typeof meta === "object" && meta !== null) {
    return { meta: { domain: textOf(meta.domain), stream: textOf(meta.stream) }, type, body };
  }
  const domain = textOf(body.domain) ?? textOf(body["meta.domain"]);
  const { namespace, user_type } = body;
  const own: Record<string, unknown> = {
    wiki: domain && wikiNameOf(domain),
    ...body,
    ...typeof namespace === "string" ? { namespace: namespaceNumber(namespace) } : {},
    ...typeof user_type === "string" ? { bot: user_type === "bot" } : {},
  };
  // Only events of this stream have a type of their own.
  const stream = type === undefined ? undefined : RECENTCHANGE;
  return { meta: { domain, stream }, type, body: own };
}

/** The identity of an edit in a value; each is `undefined` if the value does not have it. */
export interface Identity {
  /** The event's `meta.id`, or the wiki's domain and number of the change. */
  readonly id: string | undefined;
  /** When the edit happened, ms since 1970. */
  readonly time: number | undefined;
  /** The wiki. */
  readonly domain: string | undefined;
  /** The page. */
  readonly title: string | undefined;
}

/** Returns the identity of an edit in a value of any form. */
export function identityOf(body: RecordBody = {}): Identity {
  const fields = fieldsOf(body);
  const domain = domainOf(fields);
  const meta = body.meta as RecordBody | null | undefined;
  const time = Date.parse(textOf(body.timestamp) ?? textOf(meta?.dt) ?? "");
  const hasNumber = domain !== undefined && typeof body.id === "number";
  return {
    id: textOf(meta?.id) ?? (hasNumber ? `${domain}#${body.id}` : undefined),
    time: Number.isNaN(time) ? undefined : time,
    domain,
    title: titleOf(fields),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
