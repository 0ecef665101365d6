import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { manualOf, withManual } from "../../../lib/cli/options_page.ts";
import { flag, option, type OptionGroup } from "../../../lib/cli/option.ts";
import { program } from "../../../lib/cli/program.ts";

const shared = { title: "Shared", options: { quiet: flag("Says nothing.") } };
const own = {
  title: "Own",
  options: {
    nodes: option({
      ...{ placeholder: "1|3", help: "How many, '*' is all.", alias: ["n_odes"], env: "NODES" },
      ...{ parse: Number, default: 1 },
    }),
  },
};

const programOf = (usage: string, ...groups: OptionGroup[]) => ({
  ...program({ usage, summary: "Does it.", examples: [], groups, run: () => Promise.resolve() })
    .manual,
  script: "main.ts",
  rights: ["--allow-net=a:1", "--ignore-env=KAFKAJS_*"],
});

Deno.test("manualOf() has a table of what is shared, then one for each program", () => {
  const manual = manualOf([
    programOf("deno task a", shared, own),
    programOf("deno task b", shared),
    programOf("deno task c"),
  ]);
  assertStringIncludes(
    manual,
    "### Shared\n\nIn `deno task a`, `deno task b`.\n\n| option | default | what it does |\n" +
      "| --- | --- | --- |\n| `--quiet` |  | Says nothing. |\n",
  );
  assertStringIncludes(manual, "### Logs\n\nIn all programs.\n\n");
  assertStringIncludes(
    manual,
    "### `deno task a`\n\nDoes it.\n\n| option | default | what it does |\n| --- | --- | --- |\n" +
      "| `--nodes 1\\|3` | 1 | How many, '\\*' is all. (env `NODES`; also `--n_odes`) |\n",
  );
  assertStringIncludes(
    manual,
    "### `deno task b`\n\nDoes it.\n\n```sh\ndeno run --no-prompt \\\n  --allow-net=a:1 \\\n" +
      "  '--ignore-env=KAFKAJS_*' \\\n  main.ts\n```\n\n### `deno task c`\n",
  );
});

Deno.test("withManual() writes between the markers, again and again the same", () => {
  const text = "before\n<!-- options -->\nold\n<!-- /options -->\nafter\n";
  const once = withManual(text, "new\n");
  assertStringIncludes(once, "before\n<!-- options -->\n<!-- deno-fmt-ignore-start -->\n\nnew\n");
  assertStringIncludes(once, "<!-- /options -->\nafter\n");
  assertEquals(withManual(once, "new\n"), once);
  assertThrows(() => withManual("no markers", ""), Error, "Expected the lines");
});
