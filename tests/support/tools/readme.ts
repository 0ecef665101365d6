/** The root of the project. */
export const ROOT = new URL("../../../", import.meta.url);

/** The pages with commands, relative to the root, in the order of the tests. */
export const PAGES: readonly string[] = [
  ...["README.md", "docs/tutorial.md", "docs/operations.md", "docs/scaling.md"],
  ...markdownIn("docs/"),
  ...markdownIn(""),
  ...markdownIn("vendor/"),
  ...markdownIn(".github/ISSUE_TEMPLATE/"),
].filter((page, index, all) => all.indexOf(page) === index);

function markdownIn(folder: string): string[] {
  const files = [...Deno.readDirSync(new URL(folder, ROOT))];
  return files.map(({ name }) => `${folder}${name}`).filter((file) => file.endsWith(".md")).sort();
}

/** Returns the shell blocks of a page in Markdown, or of its section with the given heading. */
export function codeBlocks(markdown: string, heading?: string): string[] {
  const text = heading === undefined ? markdown : sectionOf(markdown, heading);
  return [...text.matchAll(/^( *)```sh\n([\s\S]*?)^\1```$/gm)].map(([, indent, block]) =>
    block!.replaceAll(new RegExp(`^${indent}`, "gm"), "").trim()
  );
}

/** Returns the text between a heading and the next one of any level. */
function sectionOf(markdown: string, heading: string): string {
  const [, section] = markdown.split(new RegExp(`^#+ ${heading}$`, "m"));
  if (section === undefined) throw new Error(`No heading '${heading}'`);
  return section.split(/^#{2,} /m)[0]!;
}
