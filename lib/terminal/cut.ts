import stringWidth from "string-width";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/**
 * A text that is at most `width` columns of a terminal wide: cut between characters as people see
 * them, with `…` at the end of what is left.
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
