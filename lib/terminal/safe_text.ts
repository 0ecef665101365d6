/**
 * Makes text from outside safe for a terminal or a log. Shows as `\u{…}`: control characters (C0,
 * C1, DEL), line and paragraph separators, marks that reorder text (bidirectional marks,
 * embeddings, overrides, isolates), and invisible marks. Everything else stays: emoji,
 * right-to-left scripts, and the joiners and zero-width spaces that scripts need.
 */
export function safeText(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex -- it replaces control characters
    /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
    (mark) => ESCAPES[mark] ?? `\\u{${mark.charCodeAt(0).toString(16)}}`,
  );
}

const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Formats a value as safe JSON, with a final line feed; `indent` 0 is one line. */
export function jsonText(value: unknown, indent = 2): string {
  return `${safeJson(JSON.stringify(value, null, indent))}\n`;
}

/**
 * Makes JSON safe in the same way, as JSON of the same value. `JSON.stringify()` escapes only some
 * of these marks.
 */
export function safeJson(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
