/**
 * Writes the options of all programs into the README, from the tables that `--help` comes from.
 *
 *     deno task options
 */
import config from "../deno.json" with { type: "json" };
import { manualOf, withManual } from "../lib/cli/manual.ts";
import { type Main, program, runMain } from "../lib/cli/program.ts";

const README = new URL("../README.md", import.meta.url);

export const main = program({
  usage: "deno task options",
  summary: "Writes the options of all programs into README.md. The quick gate checks them.",
  examples: [["deno task options", "After a change of an option"]],
  groups: [],
  async run() {
    const text = await Deno.readTextFile(README);
    await Deno.writeTextFile(README, withManual(text, manualOf(await programs())));
  },
});

/** The programs of the tasks that have options of their own, in the order of deno.json. */
export async function programs(): Promise<Main[]> {
  const scripts = Object.values(config.tasks).flatMap(({ command }) =>
    /^deno run .*?(\S+\.ts)$/.exec(command)?.[1] ?? []
  );
  const found: Main[] = [];
  for (const script of scripts) {
    const { main } = await import(new URL(`../${script}`, import.meta.url).href) as { main: Main };
    if (main.manual.groups.length > 1) found.push(main);
  }
  return found;
}

if (import.meta.main) await runMain(main);
