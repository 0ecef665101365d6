/**
 * Text from outside, made harmless for a terminal or a log: control characters (C0, C1, DEL), line
 * and paragraph separators, the marks that reorder text (bidirectional marks, embeddings, overrides
 * and isolates) and those that nobody sees are shown as `\u{…}`. Everything else stays, also emoji,
 * right-to-left script, and the joiners and the space without width that scripts are written with.
 */
export function safeText(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex -- control characters are what this is about
    /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
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
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
