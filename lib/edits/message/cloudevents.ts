import { type Event, RejectedEvent } from "../../upstream/parse/event.ts";
import { domainOf, titleOf, typeOf } from "../event/event_fields.ts";

/** The headers of a record. */
export type CloudEventHeaders = Readonly<Record<string, string>>;

/**
 * Returns a function that makes the headers of a CloudEvent 1.0: Kafka protocol binding, binary
 * content mode (section 3.2). Attributes become `ce_…`; the value's media type is `content-type`.
 *
 * - `id` is `meta.id`, a UUID of the event; `time` is `meta.dt`, unchanged.
 * - `source` is the wiki: `https://en.wikipedia.org`.
 * - `type` is `org.wikimedia.` and the stream. For recentchange the kind follows:
 *   `org.wikimedia.mediawiki.recentchange.edit`.
 * - `subject` is the page's full name; omitted if there is none.
 *
 * Attributes must not contain control characters, lone surrogates and noncharacters (CloudEvents
 * 1.0, "Type System"). Such a subject is omitted; an event with another such attribute is rejected.
 *
 * @param contentType The media type of the record's value.
 */
export function cloudEventHeaders(contentType: string): (event: Event) => CloudEventHeaders {
  return (event) => {
    const { id, dt, stream } = event.meta;
    const kind = typeOf(event);
    const type = kind === undefined || kind === stream ? stream : `${stream}.${kind}`;
    if (!isAttribute(id)) throw new RejectedEvent("wrong shape: meta.id");
    if (!isAttribute(type)) throw new RejectedEvent("wrong shape: type");
    const headers: Record<string, string> = {
      "content-type": contentType,
      ce_specversion: "1.0",
      ce_id: id,
      ce_source: sourceOf(event),
      ce_type: `org.wikimedia.${type}`,
      ce_time: dt,
    };
    const subject = titleOf(event);
    if (subject !== undefined && isAttribute(subject)) headers.ce_subject = subject;
    return headers;
  };
}

function sourceOf(event: Event): string {
  const domain = domainOf(event);
  if (domain === undefined) return "https://stream.wikimedia.org";
  if (!/^[a-zA-Z0-9.-]+$/.test(domain)) throw new RejectedEvent("wrong shape: meta.domain");
  return `https://${domain}`;
}

/** Control characters, lone surrogates (`Cs` with the `u` flag) and noncharacters of all planes. */
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;

function isAttribute(text: string): boolean {
  return text !== "" && !FORBIDDEN.test(text);
}
