/**
 * Writes the options of all programs into docs/options.md, from the tables behind `--help`.
 *
 *     deno task options
 */
import config from "../../deno.json" with { type: "json" };
import { type Described, optionTables, withTables } from "./options_page.ts";
import { type Main, program, runMain } from "../../lib/cli/program.ts";
import { type PermissionSet, rightFlags } from "./permissions.ts";

/** The page that holds the tables. */
export const OPTIONS_PAGE = new URL("../../docs/options.md", import.meta.url);

export const main = program({
  usage: "deno task options",
  summary: "Writes the options of all programs into docs/options.md. The quick gate checks them.",
  examples: [["deno task options", "After an option has changed"]],
  groups: [],
  async run() {
    const text = await Deno.readTextFile(OPTIONS_PAGE);
    await Deno.writeTextFile(OPTIONS_PAGE, withTables(text, optionTables(await programs())));
  },
});

/** A program of a task. */
export interface TaskProgram extends Described {
  /** Its file, from the top of the project. */
  readonly script: string;
  /** The permissions of its task, as flags of `deno run`. */
  readonly rights: readonly string[];
}

/**
 * Returns the programs of the tasks in the order of deno.json, except those that run with `-A`.
 *
 * @throws {Error} if a task has a permission set but its command is not that of a program.
 */
export async function programs(): Promise<TaskProgram[]> {
  const found: TaskProgram[] = [];
  for (const { command } of Object.values(config.tasks)) {
    const [, set, script] = PROGRAM.exec(command) ?? [];
    if (script === undefined) {
      // A task with a permission set is a program: skipping it would go unnoticed.
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
