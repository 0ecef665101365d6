/**
 * Writes the options of all programs into the README, from the tables that `--help` comes from.
 *
 *     deno task options
 */
import config from "../../deno.json" with { type: "json" };
import { type Described, manualOf, withManual } from "../../lib/cli/options_page.ts";
import { type Main, program, runMain } from "../../lib/cli/program.ts";
import { type PermissionSet, rightFlags } from "../../lib/cli/permissions.ts";

const README = new URL("../../README.md", import.meta.url);

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

/** The programs of the tasks, in the order of deno.json; not those that may do everything. */
export async function programs(): Promise<Described[]> {
  const found: Described[] = [];
  for (const { command } of Object.values(config.tasks)) {
    const [, set, script] = PROGRAM.exec(command) ?? [];
    if (script === undefined) {
      // One that has rights of its own is a program: left out, it would be missing unnoticed.
      if (command.includes("-P=")) throw new Error(`Not a program's command: ${command}`);
      continue;
    }
    const { main } = await import(new URL(`../../${script}`, import.meta.url).href) as {
      main: Main;
    };
    found.push({ ...main.manual, script, rights: set === undefined ? [] : rightFlags(SETS[set]!) });
  }
  return found;
}

const PROGRAM = /^deno run -q --no-prompt (?:--v8-flags=\S+ )?(?:-P=(\S+) )?(\S+\.ts)$/;
const SETS: Readonly<Record<string, PermissionSet>> = config.permissions;

if (import.meta.main) await runMain(main);
