import { type Edit, editSchema, toEdit } from "../edits/message/edit.ts";
import { readEvent } from "../upstream/parse/event.ts";
import type { PageEdit } from "./wire.ts";

/**
 * The most that is kept of a name, in UTF-16 units. MediaWiki allows 255 bytes; a topic may hold
 * anything.
 */
export const NAME_LIMIT = 512;

/** What parts a domain from a title must not be in it. */
const HOST_NAME = /^[\w.-]{1,253}$/;

const decoder = new TextDecoder();

/**
 * An edit of a record's value: the nine fields, or the upstream event (`--payload event`). The one
 * place where the page learns what a topic holds.
 *
 * @returns `undefined` for whatever else a topic may hold.
 */
export function decodeEdit(value: Uint8Array | null): PageEdit | undefined {
  const edit = value === null ? undefined : parseEdit(value);
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

function parseEdit(value: Uint8Array): Edit | undefined {
  try {
    const json = JSON.parse(decoder.decode(value));
    const edit = editSchema.safeParse(json);
    if (edit.success) return edit.data;
    return Object.hasOwn(json, "meta") ? toEdit(readEvent(value)) : undefined;
  } catch {
    return undefined;
  }
}

/** A slice would keep the whole text alive behind it, so what is cut is copied. */
function clip(text: string): string {
  if (text.length <= NAME_LIMIT) return text;
  return structuredClone(text.slice(0, NAME_LIMIT - 1).toWellFormed()) + "…";
}
