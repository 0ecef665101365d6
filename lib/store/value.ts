import { RefusedEvent } from "../upstream/parse/event.ts";

const decoder = new TextDecoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true });

/**
 * What the bytes of a record say, which are JSON.
 *
 * @throws {RefusedEvent} `bad JSON`, also for bytes that are no UTF-8.
 */
export function decodeValue(bytes: Uint8Array): unknown {
  try {
    let text = decoder.decode(bytes);
    // Either the character itself, or bytes that are no UTF-8: only the slower decoder tells.
    if (text.includes("\ufffd")) text = strictDecoder.decode(bytes);
    return JSON.parse(text);
  } catch (cause) {
    throw new RefusedEvent("bad JSON", { cause });
  }
}
