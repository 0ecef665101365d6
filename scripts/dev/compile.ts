/**
 * Compiles programs to single binaries that need nothing installed and have fixed permissions.
 *
 *     deno task compile
 */
import { getLogger } from "@logtape/logtape";
import config from "../../deno.json" with { type: "json" };
import { flag, option, type OptionGroup } from "../../lib/cli/option.ts";
import { program, runMain } from "../../lib/cli/program.ts";
import { type PermissionSet, rightFlags } from "./permissions.ts";
import { listOf, oneOf } from "../../lib/cli/values.ts";
import { UserError } from "../../lib/shared/error.ts";
import { lastLines, packagesOf, runDeno } from "./packages.ts";
import { writeOutput } from "../../lib/terminal/output.ts";

const log = getLogger(["wikitap", "compile"]);

/** The targets of `deno compile`. */
const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
] as const;

/** A program to compile, with the permissions and other flags of its task. */
interface Source {
  readonly name: string;
  readonly script: string;
  readonly rights: PermissionSet;
  readonly flags: readonly string[];
}

const { permissions, tasks } = config;
const PRODUCER: Source = {
  name: "wikitap",
  script: "main.ts",
  rights: permissions.producer,
  flags: v8Flags("start"),
};
/** The programs that use the topic, by their tasks. */
const COMPANIONS = ["create-topic", "consume", "dashboard", "store", "report"] as const;
const companions: readonly Source[] = COMPANIONS.map((task) => ({
  name: `wikitap-${task}`,
  script: `scripts/${task.replace("-", "_")}.ts`,
  rights: permissions[task],
  flags: v8Flags(task),
}));

/** Returns V8's flags in a task: one argument, or none. */
function v8Flags(task: keyof typeof tasks): string[] {
  return tasks[task].command.match(/--v8-flags=\S+/g) ?? [];
}

const compileOptions = {
  title: "Binaries",
  options: {
    target: option({
      placeholder: "TARGET[,…]",
      help: `Targets: all, or some of ${TARGETS.join(", ")}.`,
      parse: listOf(oneOf("all", ...TARGETS)),
      defaultText: "this machine",
    }),
    companions: flag(`Also compile ${COMPANIONS.join(", ")}, as wikitap-consume, …`),
    outputDir: option({
      placeholder: "DIR",
      help: "Folder for the binaries. With --target, each target gets a folder of its own.",
      parse: String,
      default: "dist",
    }),
  },
} satisfies OptionGroup;

export const main = program({
  usage: "deno task compile",
  summary: "Compiles the producer to one binary, 'wikitap', that needs nothing installed.",
  examples: [
    ["deno task compile", "dist/wikitap, for this machine"],
    ["deno task compile --target all --companions", "All programs for all targets"],
  ],
  groups: [compileOptions],
  run: async ({ target, companions: also, outputDir }, stop) => {
    const targets = target?.includes("all") ? TARGETS : target as readonly string[] | undefined;
    const sources = [PRODUCER, ...also ? companions : []];
    for (const one of targets ?? [undefined]) {
      for (const source of sources) {
        if (stop.aborted) return;
        writeOutput(`${await compile(source, outputDir, one)}\n`);
      }
    }
  },
});

/** Compiles a binary and returns its path. */
async function compile(
  { name, script, rights, flags }: Source,
  outputDir: string,
  target: string | undefined,
): Promise<string> {
  const folder = target === undefined ? outputDir : `${outputDir}/${target}`;
  const output = `${folder}/${name}${target?.includes("windows") ? ".exe" : ""}`;
  log.info("Compiling {script} for {target}", { script, target: target ?? "this machine" });
  const { code, stderr } = await runDeno([
    "compile",
    "-q",
    "--no-check",
    "--frozen",
    "--no-prompt",
    ...flags,
    ...rightFlags(bakedIn(rights)),
    ...(await unwanted(script)).flatMap((path) => ["--exclude", path]),
    ...target === undefined ? [] : ["--target", target],
    "--output",
    output,
    script,
  ]);
  if (code === 0) return output;
  const failure = `Cannot compile '${script}' for ${target ?? "this machine"}`;
  const details = lastLines(stderr);
  if (!/denort|dns error|error sending request/.test(stderr)) {
    throw new UserError(failure, { details });
  }
  throw new UserError(`${failure}: the runtime cannot be downloaded`, {
    hint: "Compile on a machine with access to dl.deno.land, or use a runtime that you have: " +
      "DENORT_BIN=/path/to/denort deno task compile",
    details,
  });
}

/**
 * Returns the permissions of a binary, which are fixed. Brokers, certificates and databases can be
 * anywhere, so it may connect to any host and read any file. If its task writes a file, it may
 * write any.
 */
function bakedIn(rights: PermissionSet): PermissionSet {
  return { ...rights, net: true, read: true, ...rights.write ? { write: true } : {} };
}

/**
 * Returns folders to exclude: the samples of the tests of bintrees (below prom-client), which make
 * `deno compile` 2.9.6 overflow its stack.
 */
async function unwanted(script: string): Promise<string[]> {
  return (await packagesOf(script)).filter(({ name }) => name === "bintrees")
    .map(({ localPath }) => `${localPath}/test`);
}

if (import.meta.main) await runMain(main);
