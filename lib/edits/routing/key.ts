import type { Event } from "../../upstream/parse/event.ts";
import { domainOf, titleOf, userOf } from "../event_fields.ts";

/** What decides a record's partition: all of one page, domain or user go to one, in order. */
export type KeyKind = "page" | "domain" | "user" | "none";

/** The key of an event's record; null where the event lacks it: such records have no order. */
export const KEYS: Readonly<Record<KeyKind, (event: Event) => string | null>> = {
  page: (event) => {
    const domain = domainOf(event);
    const title = titleOf(event);
    return domain === undefined || title === undefined ? null : `${domain}/${title}`;
  },
  domain: (event) => domainOf(event) ?? null,
  user: (event) => userOf(event) ?? null,
  none: () => null,
};
