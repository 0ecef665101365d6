/**
 * Compiles programs to single binaries that need nothing installed, permissions baked in.
 *
 *     deno task compile
 */
import { getLogger } from "@logtape/logtape";
import config from "../deno.json" with { type: "json" };
import { flag, option, type OptionGroup } from "../lib/cli/option.ts";
import { program, runMain } from "../lib/cli/program.ts";
import { listOf, oneOf } from "../lib/cli/values.ts";
import { UserError } from "../lib/error.ts";
import { writeOutput } from "../lib/terminal/output.ts";

const log = getLogger(["wikitap", "compile"]);

/** All that Deno compiles for. */
const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
] as const;

/** The producer, and on request the programs for the other end. */
const PRODUCER = { wikitap: "main.ts" };
const COMPANIONS = {
  "wikitap-create-topic": "scripts/create_topic.ts",
  "wikitap-consume": "scripts/consume.ts",
};

const compileOptions = {
  title: "Binaries",
  options: {
    target: option({
      placeholder: "TARGET[,…]",
      help: `What to compile for: all, or some of ${TARGETS.join(", ")}.`,
      parse: listOf(oneOf("all", ...TARGETS)),
      defaultText: "this machine",
    }),
    companions: flag("Also wikitap-create-topic and wikitap-consume."),
    outputDir: option({
      placeholder: "DIR",
      help: "Where the binaries go; for named targets into a folder of each.",
      parse: String,
      default: "dist",
    }),
  },
} satisfies OptionGroup;

export const main = program({
  usage: "deno task compile",
  summary: "Compiles the producer to a single binary, 'wikitap', that needs nothing installed.",
  examples: [
    ["deno task compile", "dist/wikitap, for this machine"],
    ["deno task compile --target all --companions", "Everything, for every system"],
  ],
  groups: [compileOptions],
  run: async ({ target, companions, outputDir }, stop) => {
    const targets = target?.includes("all") ? TARGETS : target as readonly string[] | undefined;
    const programs = { ...PRODUCER, ...companions ? COMPANIONS : {} };
    for (const one of targets ?? [undefined]) {
      for (const [name, script] of Object.entries(programs)) {
        const output = [outputDir, ...one === undefined ? [] : [one], name].join("/");
        if (stop.aborted) return;
        await compile(script, output, one);
        writeOutput(`${output}\n`);
      }
    }
  },
});

async function compile(script: string, output: string, target: string | undefined): Promise<void> {
  log.info("Compiling {script} for {target}", { script, target: target ?? "this machine" });
  const { code, stderr } = await new Deno.Command("deno", {
    args: [
      ...["compile", "-q", "--frozen", ...permissionFlags(), "--output", output],
      ...(await unwanted()).flatMap((path) => ["--exclude", path]),
      ...target === undefined ? [] : ["--target", target],
      script,
    ],
    ...{ env: { NO_COLOR: "1" }, stdin: "null", stdout: "null", stderr: "piped" },
  }).output();
  if (code === 0) return;
  const [said = ""] = new TextDecoder().decode(stderr).split("\nStack backtrace");
  const details = said.trim().split("\n").filter((line) => line !== "").slice(-10);
  if (/denort|dns error|error sending request/.test(details.join("\n"))) {
    throw new UserError("Cannot download Deno's runtime, which a binary is made of", {
      hint: "A machine with access to dl.deno.land can; or name a runtime that is here already: " +
        "DENORT_BIN=/path/to/denort deno task compile",
      details,
    });
  }
  throw new UserError(`Cannot compile '${script}'`, { details });
}

/**
 * Folders of packages that a binary does without. The samples that bintrees (below prom-client) brings
 * along for its own tests make the compiler of Deno 2.9.6 overflow its stack.
 */
async function unwanted(): Promise<string[]> {
  const { stdout } = await new Deno.Command("deno", { args: ["info", "--json"] }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(stdout)) as { npmCache: string };
  const found: string[] = [];
  for (const registry of foldersIn(npmCache)) {
    for (const version of foldersIn(`${registry}/bintrees`)) found.push(`${version}/test`);
  }
  return found;
}

function foldersIn(path: string): string[] {
  try {
    return [...Deno.readDirSync(path)].filter(({ isDirectory }) => isDirectory)
      .map(({ name }) => `${path}/${name}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/**
 * A binary's rights are fixed when it is made. Brokers and certificates can be anywhere, so it may
 * connect to any host and read any file; it may write nothing and start nothing.
 */
function permissionFlags(): string[] {
  const { allow, ignore } = config.permissions.producer.env;
  return [
    ...["--no-prompt", "--allow-net", "--allow-read"],
    ...[`--allow-env=${allow.join(",")}`, `--ignore-env=${ignore.join(",")}`],
  ];
}

if (import.meta.main) await runMain(main);
