import { type Event, RejectedEvent } from "../../upstream/parse/event.ts";
import { domainOf, titleOf, typeOf } from "../event_fields.ts";

/** Headers of a record. */
export type Headers = Readonly<Record<string, string>>;

/**
 * Makes the headers that let an event be read as a CloudEvent 1.0: Kafka protocol binding, binary
 * content mode (section 3.2). Attributes become `ce_…`, the media type of the value `content-type`.
 *
 * - `id` is `meta.id`, a UUID of the event; `time` is `meta.dt`, unchanged.
 * - `source` is the wiki: `https://en.wikipedia.org`.
 * - `type` is `org.wikimedia.` and the stream, for recentchange also the kind:
 *   `org.wikimedia.mediawiki.recentchange.edit`.
 * - `subject` is the page's full name, left out where there is none.
 *
 * Attributes hold no control characters, half surrogate pairs and non-characters (CloudEvents 1.0,
 * "Type System"): such a subject is left out, an event whose other attributes have them is refused.
 *
 * @param contentType Media type of the record's value.
 */
export function cloudEventHeaders(contentType: string): (event: Event) => Headers {
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

/** Control characters, half pairs (`Cs` with the `u` flag) and the non-characters of all planes. */
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;

function isAttribute(text: string): boolean {
  return text !== "" && !FORBIDDEN.test(text);
}
