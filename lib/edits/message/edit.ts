import { z } from "zod";
import { type Event, wrongShape } from "../../upstream/parse/event.ts";
import { namespaceName } from "./namespaces.ts";

/**
 * The message: nine fields, in this order. The type, the JSON Schema and what readers check come
 * from here. Integers are exact: beyond 2^53 − 1 an event is refused.
 */
export const editSchema = z.object({
  id: z.int().nullable().describe("Number of the change on its wiki; some log events have none"),
  domain: z.string().describe("Host name of the wiki, such as en.wikipedia.org"),
  namespace: z.string().describe(
    "Name of the page's namespace: 'main namespace' for articles, 'unknown' where it has no name",
  ),
  title: z.string().describe("Full name of the page"),
  timestamp: z.iso.datetime({ offset: true }).describe("When it happened, as upstream writes it"),
  user_name: z.string().nullable().describe("Who did it; null where upstream redacted it"),
  user_type: z.enum(["bot", "human"]).describe("bot where the account, or the edit, is flagged so"),
  old_length: z.int().nullable().describe("Bytes before; null where the event has none"),
  new_length: z.int().nullable().describe("Bytes after; null where the event has none"),
}).meta({ title: "Edit", description: "A change of a page of a Wikimedia wiki" });

/** See {@linkcode editSchema}. */
export type Edit = z.infer<typeof editSchema>;

/**
 * What the message needs of a recentchange event (schema `mediawiki/recentchange/1.0.1`). `id` and
 * `length.old` come as null or not at all, `length` is absent on log and categorize, `user` where
 * it was redacted.
 */
export const changeSchema = z.object({
  meta: z.object({ domain: z.string() }),
  id: z.int().nullish(),
  namespace: z.int(),
  title: z.string(),
  user: z.string().nullish(),
  bot: z.boolean(),
  length: z.object({ old: z.int().nullish(), new: z.int().nullish() }).nullish(),
});

/**
 * The message of a recentchange event. `meta.dt` is taken as it is: it is checked where the
 * record's timestamp is made of it.
 *
 * @throws {RejectedEvent} `wrong shape: <path>` for an event without what the message needs.
 */
export function toEdit(event: Event): Edit {
  const change = isUsual(event.body) ? event.body : checkedChange(event.body);
  return {
    id: change.id ?? null,
    domain: change.meta.domain,
    namespace: namespaceName(change.namespace),
    title: change.title,
    timestamp: event.meta.dt,
    user_name: change.user ?? null,
    user_type: change.bot ? "bot" : "human",
    old_length: change.length?.old ?? null,
    new_length: change.length?.new ?? null,
  };
}

type Change = z.infer<typeof changeSchema>;

function checkedChange(body: unknown): Change {
  const checked = changeSchema.safeParse(body);
  if (!checked.success) throw wrongShape(checked.error);
  return checked.data;
}

/**
 * Whether the schema takes the event as it is, found out at a fifth of the time: so for nearly all
 * edits. Where it is false, the schema decides.
 */
export function isUsual(body: Event["body"]): body is Change {
  const { id, namespace, title, user, bot } = body;
  const meta = body.meta as Event["body"] | null | undefined;
  const length = body.length as Event["body"] | null | undefined;
  return typeof meta?.domain === "string" && Number.isSafeInteger(id) &&
    Number.isSafeInteger(namespace) && typeof title === "string" && typeof user === "string" &&
    typeof bot === "boolean" && Number.isSafeInteger(length?.new) &&
    (length?.old === undefined || Number.isSafeInteger(length.old));
}

/**
 * Returns the message as JSON, keys in the order of {@linkcode editSchema}. A recognized edit is
 * not parsed: its fields stand in JSON as they are. Throws as {@linkcode toEdit} does.
 */
export function encodeEdit(event: Event): string {
  const { edit, meta: { domain, dt } } = event;
  if (edit === undefined) return JSON.stringify(toEdit(event));
  const { id, namespace, title, user, bot, oldLength = "null", newLength } = edit;
  return `{"id":${id},"domain":"${domain}","namespace":"${namespaceName(namespace)}",` +
    `"title":"${title}","timestamp":"${dt}",` +
    `"user_name":${user === undefined ? "null" : `"${user}"`},` +
    `"user_type":"${bot ? "bot" : "human"}","old_length":${oldLength},"new_length":${newLength}}`;
}
