/**
 * What filters, keys and topics go by, read from any of the upstream schemas. Each returns
 * `undefined` if an event lacks it or has a value of another type. Throws only as `Event.body` does.
 *
 * Three forms exist (schema repository `mediawiki/*`): recentchange (`title`, `wiki`, `user`,
 * `bot`); the older streams such as page-create and revision-create (`page_title`, `database`,
 * `performer.user_text`); and page_change.v1 and its like (`page.page_title`, `wiki_id`,
 * `performer.is_bot`).
 */
import type { Event } from "../upstream/parse/event.ts";

type Body = Event["body"];

const RECENTCHANGE = "mediawiki.recentchange";

/** A canary: a test event of Wikimedia's monitoring, with nothing but `$schema` and `meta`. */
export function isCanary(event: Event): boolean {
  return event.meta.domain === "canary";
}

/** The kind of a recentchange event (`edit`, `new`, `log`, `142` …); elsewhere the stream's name. */
export function typeOf(event: Event): string | undefined {
  return event.meta.stream === RECENTCHANGE ? event.type : event.meta.stream;
}

/** The wiki's database name: `enwiki`. */
export function wikiOf(event: Event): string | undefined {
  if (event.edit !== undefined) return event.edit.wiki;
  const { body } = event;
  return text(body.wiki ?? body.wiki_id ?? body.database);
}

/** The host name of the wiki: `en.wikipedia.org`. */
export function domainOf(event: Event): string | undefined {
  return event.meta.domain;
}

/** The page's full name as recentchange writes it, with spaces: `User talk:Example`. */
export function titleOf(event: Event): string | undefined {
  if (event.edit !== undefined) return event.edit.title;
  const { body } = event;
  if (typeof body.title === "string") return body.title;
  // The other streams write titles as URLs do; a title never holds an underscore of its own.
  return text(body.page_title ?? object(body.page)?.page_title)?.replaceAll("_", " ");
}

/** The number of the page's namespace. */
export function namespaceOf(event: Event): number | undefined {
  if (event.edit !== undefined) return event.edit.namespace;
  const { body } = event;
  const number = body.namespace ?? body.page_namespace ?? object(body.page)?.namespace_id;
  return typeof number === "number" ? number : undefined;
}

/** The name of who did it; absent where it was redacted. */
export function userOf(event: Event): string | undefined {
  if (event.edit !== undefined) return event.edit.user;
  const { body } = event;
  return text(body.user ?? object(body.performer)?.user_text);
}

/** Whether a bot did it. */
export function isBot(event: Event): boolean | undefined {
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
