import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { optionTables, withTables } from "../../../scripts/dev/options_page.ts";
import { flag, option, type OptionGroup } from "../../../lib/cli/option.ts";
import { program } from "../../../lib/cli/program.ts";

const shared = { title: "Shared", options: { quiet: flag("Says nothing.") } };
const own = {
  title: "Own",
  options: {
    nodes: option({
      placeholder: "1|3",
      help: "How many, '*' is all.",
      alias: ["n_odes"],
      env: "NODES",
      parse: Number,
      default: 1,
    }),
  },
};

const programOf = (usage: string, ...groups: OptionGroup[]) => ({
  ...program({ usage, summary: "Does it.", examples: [], groups, run: () => Promise.resolve() })
    .manual,
});

Deno.test("optionTables() lists shared groups, and then each program", () => {
  const tables = optionTables([
    programOf("deno task a", shared, own),
    programOf("deno task b", shared),
    programOf("deno task c"),
  ]);
  assertStringIncludes(
    tables,
    "## Shared\n\nPrograms: `deno task a`, `deno task b`.\n\n| option | default | meaning |\n" +
      "| --- | --- | --- |\n| `--quiet` |  | Says nothing. |\n",
  );
  assertStringIncludes(tables, "## Logs\n\nAll programs.\n\n");
  assertStringIncludes(
    tables,
    "## `deno task a`\n\nDoes it.\n\n| option | default | meaning |\n| --- | --- | --- |\n" +
      "| `--nodes 1\\|3` | 1 | How many, '\\*' is all. (env `NODES`; also `--n_odes`) |\n",
  );
  assertStringIncludes(
    tables,
    "- [Shared](#shared)\n- [Logs](#logs)\n- [`deno task a`](#deno-task-a)\n\n## Shared",
  );
  assert(!tables.includes("`deno task c`"), "a program without options of its own");
});

Deno.test("withTables() replaces the text between the markers", () => {
  const text = "before\n<!-- options -->\nold\n<!-- /options -->\nafter\n";
  const once = withTables(text, "new\n");
  assertStringIncludes(once, "before\n<!-- options -->\n<!-- deno-fmt-ignore-start -->\n\nnew\n");
  assertStringIncludes(once, "<!-- /options -->\nafter\n");
  assertEquals(withTables(once, "new\n"), once);
  assertThrows(() => withTables("no markers", ""), Error, "expected the lines");
});
