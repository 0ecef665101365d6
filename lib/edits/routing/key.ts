import type { Event } from "../../upstream/parse/event.ts";
import { domainOf, titleOf, userOf } from "../event/event_fields.ts";

/** The kind of key. Records with the same key share a partition and keep their order. */
export type KeyKind = "page" | "domain" | "user" | "none";

/** Functions that return an event's key; null if it lacks the fact: such records have no order. */
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
