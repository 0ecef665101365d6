/**
 * Writes the options of all programs into the README, from the tables that `--help` comes from.
 *
 *     deno task options
 */
import config from "../deno.json" with { type: "json" };
import { type Described, manualOf, withManual } from "../lib/cli/manual.ts";
import { type Main, program, runMain } from "../lib/cli/program.ts";
import { type PermissionSet, rightFlags } from "../lib/cli/rights.ts";

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
export async function programs(): Promise<Described[]> {
  const found: Described[] = [];
  for (const { command } of Object.values(config.tasks)) {
    const [, flags, script] = /^deno run -q --no-prompt (.*) (\S+\.ts)$/.exec(command) ?? [];
    if (script === undefined) continue;
    const { main } = await import(new URL(`../${script}`, import.meta.url).href) as { main: Main };
    if (main.manual.groups.length > 1) {
      found.push({ ...main.manual, script, rights: rightsOf(flags!) });
    }
  }
  return found;
}

function rightsOf(flags: string): readonly string[] {
  const [, name] = /^-P=(\w+)$/.exec(flags) ?? [];
  if (name === undefined) return [flags];
  return rightFlags((config.permissions as Record<string, PermissionSet>)[name] ?? {});
}

if (import.meta.main) await runMain(main);
