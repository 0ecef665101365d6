import { type Edit, toEdit } from "../edits/message/edit.ts";
import { editOf, eventOf, parseValue, unlessRejected } from "../edits/message/record_value.ts";
import type { PageEdit } from "./wire.ts";

/**
 * The maximum length of a name, in UTF-16 units. MediaWiki allows 255 bytes; a topic may contain
 * anything.
 */
export const NAME_LIMIT = 512;

/** The allowed domains: without the character between domain and title. */
const HOST_NAME = /^[\w.-]{1,253}$/;

/** Decodes a record's value; returns `undefined` if it is neither the nine fields nor an event. */
export function decodeEdit(value: Uint8Array | null): PageEdit | undefined {
  const edit = unlessRejected(() => readEdit(value));
  if (edit === undefined) return undefined;
  const time = Date.parse(edit.timestamp);
  if (Number.isNaN(time) || !HOST_NAME.test(edit.domain)) return undefined;
  const { old_length, new_length } = edit;
  return {
    time,
    domain: edit.domain,
    namespace: clip(edit.namespace),
    title: clip(edit.title),
    user: edit.user_name === null ? null : clip(edit.user_name),
    isBot: edit.user_type === "bot",
    delta: new_length === null ? null : new_length - (old_length ?? 0),
    isNew: new_length !== null && old_length === null,
  };
}

function readEdit(value: Uint8Array | null): Edit | undefined {
  const body = parseValue(value);
  const event = eventOf(value!, body);
  return event === undefined ? editOf(body) : toEdit(event);
}

/** Shortens a text. The result is copied, since a slice would keep the whole text in memory. */
function clip(text: string): string {
  if (text.length <= NAME_LIMIT) return text;
  return structuredClone(text.slice(0, NAME_LIMIT - 1).toWellFormed()) + "…";
}
