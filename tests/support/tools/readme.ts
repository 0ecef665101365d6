/** The shell blocks of a text in Markdown, or of those of its sections whose heading is given. */
export function codeBlocks(markdown: string, heading?: string): string[] {
  const text = heading === undefined ? markdown : sectionOf(markdown, heading);
  return [...text.matchAll(/^( *)```sh\n([\s\S]*?)^\1```$/gm)].map(([, indent, block]) =>
    block!.replaceAll(new RegExp(`^${indent}`, "gm"), "").trim()
  );
}

/** What stands below a heading, as far as the next one of any level; headings in blocks are none. */
function sectionOf(markdown: string, heading: string): string {
  const [, section] = markdown.split(new RegExp(`^#+ ${heading}$`, "m"));
  if (section === undefined) throw new Error(`No heading '${heading}'`);
  return section.split(/^#{2,} /m)[0]!;
}
