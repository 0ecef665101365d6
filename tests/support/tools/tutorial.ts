import { ROOT } from "./readme.ts";

/** A step of the tutorial: the commands, and then the text about the page. */
export interface Look {
  readonly text: string;
  /** The blocks of commands since the previous step. */
  readonly blocks: readonly string[];
}

/** Returns the "On the page" texts of the sections with these numbers, in order. */
export async function looks(numbers: readonly string[]): Promise<Look[]> {
  const markdown = await Deno.readTextFile(new URL("docs/tutorial.md", ROOT));
  const found: Look[] = [];
  for (const section of markdown.split(/^## /m)) {
    if (!numbers.includes(section.split(".")[0]!)) continue;
    let blocks: string[] = [];
    for (const [, block, look] of section.matchAll(PARTS)) {
      if (block !== undefined) blocks.push(block.trim());
      else {
        found.push({ text: look!.replaceAll(/\s+/g, " "), blocks });
        blocks = [];
      }
    }
  }
  return found;
}

const PARTS = /^```sh\n([\s\S]*?)^```$|^\*\*On the page:\*\* ([\s\S]*?)\n\n/gm;
