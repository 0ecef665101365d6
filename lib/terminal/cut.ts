import stringWidth from "string-width";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/**
 * Cuts a text to at most `width` columns of a terminal, between graphemes. A text that was cut ends
 * with `…`.
 */
export function cutText(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let short = "";
  let left = width - 1;
  for (const { segment } of graphemes.segment(text)) {
    left -= stringWidth(segment);
    if (left < 0) break;
    short += segment;
  }
  return width < 1 ? "" : `${short}…`;
}
