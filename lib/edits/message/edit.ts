import { z } from "zod";
import { type Event, wrongShape } from "../../upstream/parse/event.ts";
import { namespaceName } from "../event/namespaces.ts";

/**
 * The message: nine fields, in this order. The type, the JSON Schema and the checks of readers come
 * from here. Integers are exact: an event with one beyond 2^53 − 1 is rejected.
 */
export const editSchema = z.object({
  id: z.int().nullable().describe("Number of the change on its wiki; some log events have none"),
  domain: z.string().describe("Host name of the wiki, such as en.wikipedia.org"),
  namespace: z.string().describe(
    "Name of the page's namespace: 'main namespace' for articles, 'unknown' if it has no known name",
  ),
  title: z.string().describe("Full name of the page"),
  timestamp: z.iso.datetime({ offset: true }).describe("Time of the change, as upstream writes it"),
  user_name: z.string().nullable().describe("Name of the user; null if upstream redacted it"),
  user_type: z.enum(["bot", "human"]).describe(
    "bot if the account or the edit is flagged as a bot",
  ),
  old_length: z.int().nullable().describe("Bytes before; null if the event has none"),
  new_length: z.int().nullable().describe("Bytes after; null if the event has none"),
}).meta({ title: "Edit", description: "A change of a page of a Wikimedia wiki" });

/** A message; see {@linkcode editSchema}. */
export type Edit = z.infer<typeof editSchema>;

const TIMESTAMP = z.regexes.datetime({ offset: true });

/**
 * Returns whether an object has the nine fields and no other, as the schema wants them. This takes a
 * fifth of the schema's time. If false, the schema says why.
 */
export function isEdit(body: Event["body"]): body is Edit {
  const { id, domain, namespace, title, timestamp, user_name, user_type } = body;
  return isInt(id) && typeof domain === "string" && typeof namespace === "string" &&
    typeof title === "string" && typeof timestamp === "string" && TIMESTAMP.test(timestamp) &&
    (user_name === null || typeof user_name === "string") &&
    (user_type === "human" || user_type === "bot") && isInt(body.old_length) &&
    isInt(body.new_length) && Object.keys(body).length === 9;
}

function isInt(value: unknown): boolean {
  return value === null || Number.isSafeInteger(value);
}

/**
 * The fields of a recentchange event that the message needs (schema
 * `mediawiki/recentchange/1.0.1`). `id` and `length.old` may be null or absent. `length` is absent
 * on log and categorize events, `user` if it was redacted.
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
 * Returns the message of a recentchange event. `meta.dt` is copied unchecked: `timestampOf()`
 * checks it when it makes the record's timestamp.
 *
 * @throws {RejectedEvent} `wrong shape: <path>` for an event that lacks a field of the message.
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
 * Returns whether the event has the usual form, which the schema accepts unchanged. This takes a
 * fifth of the schema's time and holds for nearly all edits. If false, the schema decides.
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
 * not parsed: its fields are already in their JSON form. Throws as {@linkcode toEdit} does.
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
