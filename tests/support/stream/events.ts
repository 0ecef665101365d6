import type { Event } from "../../../lib/upstream/parse/event.ts";

const encoder = new TextEncoder();

/** Returns an invented recentchange event. `fields` replace its own; `undefined` removes one. */
export function change(
  fields: Record<string, unknown> = {},
  meta: Record<string, unknown> = {},
): Event {
  return event({
    $schema: "/mediawiki/recentchange/1.0.0",
    meta: { stream: "mediawiki.recentchange", domain: "en.wikipedia.org", ...META, ...meta },
    id: 1_800_000_000,
    type: "edit",
    namespace: 0,
    title: "Example",
    comment: "",
    timestamp: 1_700_000_000,
    user: "Someone",
    bot: false,
    length: { old: 100, new: 120 },
    revision: { old: 2_200_000_000, new: 2_200_000_001 },
    wiki: "enwiki",
    ...fields,
  });
}

/** Returns an invented event of the older streams, such as page-create. */
export function pageCreate(fields: Record<string, unknown> = {}): Event {
  return event({
    $schema: "/mediawiki/revision/create/2.0.0",
    meta: { stream: "mediawiki.page-create", domain: "de.wikipedia.org", ...META },
    database: "dewiki",
    page_title: "Benutzer_Diskussion:Beispiel",
    page_namespace: 3,
    performer: { user_text: "Jemand", user_is_bot: true },
    ...fields,
  });
}

/** Returns an invented event of page_change.v1. */
export function pageChange(fields: Record<string, unknown> = {}): Event {
  return event({
    $schema: "/mediawiki/page/change/1.2.0",
    meta: { stream: "mediawiki.page_change.v1", domain: "fr.wikipedia.org", ...META },
    wiki_id: "frwiki",
    page: { page_id: 7, page_title: "Page_d'exemple", namespace_id: 0 },
    performer: { user_text: "Quelqu'un", is_bot: false },
    ...fields,
  });
}

/** The `meta` of a recentchange event with all keys, in the order in which the service writes them. */
export const ORDERED_META = {
  uri: "https://ü.test/wiki/A",
  request_id: "r",
  id: "i-1",
  dt: "2026-09-12T19:56:09.161Z",
  domain: "en.wikipedia.org",
  stream: "mediawiki.recentchange",
  topic: "eqiad.mediawiki.recentchange",
  partition: 0,
  offset: 6511100664,
};

const META = {
  topic: "eqiad.mediawiki.recentchange",
  partition: 0,
  offset: 5_000_000_000,
  id: "00000000-0000-4000-8000-000000000001",
  dt: "2023-11-14T22:13:20.123Z",
  uri: "https://en.wikipedia.org/wiki/Example",
};

function event(body: Record<string, unknown>): Event {
  const data = encoder.encode(JSON.stringify(body));
  const parsed = JSON.parse(new TextDecoder().decode(data));
  return { data, meta: parsed.meta, type: parsed.type, body: parsed };
}
