import { ROOT } from "./readme.ts";

/** A step of the tutorial: its text on the page, after the commands before it. */
export interface Look {
  readonly text: string;
  /** Blocks of commands since the look before. */
  readonly blocks: readonly string[];
}

/** Returns what the sections with these numbers say to look for "On the page", in their order. */
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
