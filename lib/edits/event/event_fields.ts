/**
 * Accessors of the facts that filters, keys and topics use, for all upstream schemas. Each returns
 * `undefined` if an event lacks the fact or has a value of another type. Each throws only what
 * `Event.body` throws.
 *
 * Three forms exist (schema repository `mediawiki/*`): recentchange (`title`, `wiki`, `user`,
 * `bot`); the older streams such as page-create and revision-create (`page_title`, `database`,
 * `performer.user_text`); and page_change.v1 and its relatives (`page.page_title`, `wiki_id`,
 * `performer.is_bot`).
 */
import type { Event } from "../../upstream/parse/event.ts";

type Body = Event["body"];

/** The part of an event that is read here, which can also be made of a record. */
export interface EventFields extends Pick<Event, "type" | "body" | "edit"> {
  /** The wiki's domain and the stream, if they are known. */
  readonly meta: {
    readonly domain?: string | undefined;
    readonly stream?: string | undefined;
  };
}

/** The stream whose events have a type of their own. */
export const RECENTCHANGE = "mediawiki.recentchange";

/**
 * Returns whether an event is a canary: a test event of Wikimedia's monitoring, without content.
 */
export function isCanary(event: EventFields): boolean {
  return event.meta.domain === "canary";
}

/**
 * Returns a recentchange event's kind (`edit`, `new`, `log`, `142` …), or another stream's name.
 */
export function typeOf(event: EventFields): string | undefined {
  return event.meta.stream === RECENTCHANGE ? event.type : event.meta.stream;
}

/** Returns the wiki's database name: `enwiki`. */
export function wikiOf(event: EventFields): string | undefined {
  if (event.edit !== undefined) return event.edit.wiki;
  const { body } = event;
  return text(body.wiki ?? body.wiki_id ?? body.database);
}

/** Returns the host name of the wiki: `en.wikipedia.org`. */
export function domainOf(event: EventFields): string | undefined {
  return event.meta.domain;
}

/** Returns the page's full name as recentchange writes it, with spaces: `User talk:Example`. */
export function titleOf(event: EventFields): string | undefined {
  if (event.edit !== undefined) return event.edit.title;
  const { body } = event;
  if (typeof body.title === "string") return body.title;
  // The other streams write titles as in URLs; no title contains an underscore of its own.
  return text(body.page_title ?? object(body.page)?.page_title)?.replaceAll("_", " ");
}

/** Returns the number of the page's namespace. */
export function namespaceOf(event: EventFields): number | undefined {
  if (event.edit !== undefined) return event.edit.namespace;
  const { body } = event;
  const number = body.namespace ?? body.page_namespace ?? object(body.page)?.namespace_id;
  return typeof number === "number" ? number : undefined;
}

/** Returns the name of the user; `undefined` if it was redacted. */
export function userOf(event: EventFields): string | undefined {
  if (event.edit !== undefined) return event.edit.user;
  const { body } = event;
  return text(body.user ?? object(body.performer)?.user_text);
}

/** Returns whether the user is a bot. */
export function isBot(event: EventFields): boolean | undefined {
  if (event.edit !== undefined) return event.edit.bot;
  const { body } = event;
  const performer = object(body.performer);
  const bot = body.bot ?? performer?.is_bot ?? performer?.user_is_bot;
  return typeof bot === "boolean" ? bot : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function object(value: unknown): Body | undefined {
  return typeof value === "object" && value !== null ? value as Body : undefined;
}
