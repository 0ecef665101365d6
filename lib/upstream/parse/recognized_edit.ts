import { Buffer } from "node:buffer";

/**
 * The fields of an edit that was recognized without parsing it. Strings contain no quote, backslash
 * or control character, and numbers have at most 15 digits, so each can be copied into JSON.
 */
export interface RecognizedEdit {
  /** The number of the change on its wiki, in digits. */
  readonly id: string;
  /** The number of the namespace. */
  readonly namespace: number;
  /** The full name of the page. */
  readonly title: string;
  /** The name of the user; `undefined` if upstream redacted it. */
  readonly user: string | undefined;
  /** Whether the edit is flagged as a bot's. */
  readonly bot: boolean;
  /** Bytes before, in digits; `undefined` for a new page. */
  readonly oldLength: string | undefined;
  /** Bytes after, in digits. */
  readonly newLength: string;
  /** The wiki's database name. */
  readonly wiki: string;
}

/**
 * The size in bytes above which an event is parsed. The pattern takes time and V8's stack in
 * proportion to the length; the longest recorded event has 8,600 bytes.
 */
export const MAX_RECOGNIZED_BYTES = 64 * 1024;

/**
 * Reads the fields of an edit, or of a new page, in the form that the service has written since
 * 2019: compact, all keys in this order, some omitted. The pattern covers every byte from `start`
 * to the end and is a subset of JSON's grammar. So a match, together with a checked head before
 * `start` and valid UTF-8, proves that the event is valid JSON without a repeated key. Nothing has
 * to be parsed.
 *
 * Strings are those of {@linkcode latin1}: {@linkcode utf8Text} decodes them.
 *
 * @param text The bytes of the event, one character for each.
 * @param start The index after the `type`.
 * @param id The event's `id` in digits, which comes before `start`.
 * @returns `undefined` for an event in any other form.
 */
export function recognizeEdit(text: string, start: number, id: string): RecognizedEdit | undefined {
  if (text.length > MAX_RECOGNIZED_BYTES) return undefined;
  REST.lastIndex = start;
  const rest = REST.exec(text);
  if (rest === null) return undefined;
  const [, namespace, title, user, bot, oldLength, newLength, wiki] = rest;
  return {
    id,
    namespace: Number(namespace),
    title: title!,
    user,
    bot: bot === "true",
    oldLength,
    newLength: newLength!,
    wiki: wiki!,
  };
}

/** Decodes UTF-8 bytes that are stored one per character. ASCII is returned as it is. */
export function utf8Text(bytes: string): string {
  if (ONLY_ASCII.test(bytes)) return bytes;
  // Deno's own conversion from latin1 to bytes takes several times as long.
  const buffer = Buffer.allocUnsafe(bytes.length);
  for (let i = 0; i < bytes.length; i++) buffer[i] = bytes.charCodeAt(i);
  return buffer.toString();
}

// deno-lint-ignore no-control-regex
const ONLY_ASCII = /^[\x00-\x7f]*$/;

/** A JSON string without escapes, captured. */
const PLAIN = String.raw`"([^"\\\x00-\x1f]*)"`;
/** Any JSON string. Each character matches in one way only, so that a failure takes linear time. */
const STRING = String
  .raw`"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\x00-\x1f]*)*"`;
/** Every count of at most 15 digits is a safe integer. */
const COUNT = String.raw`(?:0|[1-9]\d{0,14})`;
const SWITCH = "(?:true|false)";

const REST = new RegExp(
  `,"namespace":(0|-?[1-9]\\d{0,14}),"title":${PLAIN},(?:"title_url":${STRING},)?` +
    `"comment":${STRING},"timestamp":${COUNT},(?:"user":${PLAIN},)?"bot":(${SWITCH}),` +
    `(?:"notify_url":${STRING},)?"minor":${SWITCH},(?:"patrolled":${SWITCH},)?` +
    `"length":\\{(?:"old":(?:(${COUNT})|null),)?"new":(${COUNT})\\},` +
    `"revision":\\{(?:"old":(?:${COUNT}|null),)?"new":${COUNT}\\},"server_url":${STRING},` +
    `"server_name":${STRING},"server_script_path":${STRING},"wiki":"([ !#-\\[\\]-~]*)",` +
    `"parsedcomment":${STRING}\\}$`,
  "y",
);
