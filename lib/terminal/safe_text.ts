/**
 * Text from outside, made harmless for a terminal or a log: control characters (C0, C1, DEL), line
 * and paragraph separators, and the marks that reorder text (bidirectional embeddings, overrides
 * and isolates) are shown as `\u{…}`. Everything else, also emoji and right-to-left script, stays.
 */
export function safeText(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex -- control characters are what this is about
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (mark) => ESCAPES[mark] ?? `\\u{${mark.charCodeAt(0).toString(16)}}`,
  );
}

const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * JSON made harmless in the same way, and still JSON of the same value: `JSON.stringify()` escapes
 * some of these marks only.
 */
export function safeJson(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
