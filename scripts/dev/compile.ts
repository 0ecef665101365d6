/**
 * Compiles programs to single binaries that need nothing installed, rights baked in.
 *
 *     deno task compile
 */
import { getLogger } from "@logtape/logtape";
import config from "../../deno.json" with { type: "json" };
import { flag, option, type OptionGroup } from "../../lib/cli/option.ts";
import { program, runMain } from "../../lib/cli/program.ts";
import { type PermissionSet, rightFlags } from "../../lib/cli/permissions.ts";
import { listOf, oneOf } from "../../lib/cli/values.ts";
import { UserError } from "../../lib/shared/error.ts";
import { lastLines, packagesOf, runDeno } from "./packages.ts";
import { writeOutput } from "../../lib/terminal/output.ts";

const log = getLogger(["wikitap", "compile"]);

/** All that Deno compiles for. */
const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
] as const;

/** A program that becomes a binary, and the rights and other flags of its task. */
interface Source {
  readonly name: string;
  readonly script: string;
  readonly rights: PermissionSet;
  readonly flags?: readonly string[];
}

const { permissions, tasks } = config;
const PRODUCER: Source = {
  name: "wikitap",
  script: "main.ts",
  rights: permissions.producer,
  flags: tasks.start.command.match(/--v8-flags=\S+/g) ?? [],
};
/** The programs for the other end of the topic, by their tasks. */
const COMPANIONS = ["create-topic", "consume", "dashboard", "store", "report"] as const;
const companions: readonly Source[] = COMPANIONS.map((task) => ({
  name: `wikitap-${task}`,
  script: `scripts/${task.replace("-", "_")}.ts`,
  rights: permissions[task],
}));

const compileOptions = {
  title: "Binaries",
  options: {
    target: option({
      placeholder: "TARGET[,…]",
      help: `What to compile for: all, or some of ${TARGETS.join(", ")}.`,
      parse: listOf(oneOf("all", ...TARGETS)),
      defaultText: "this machine",
    }),
    companions: flag(`Also one each of ${COMPANIONS.join(", ")}: wikitap-consume, …`),
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

/** Makes the binary, and says where it is. */
async function compile(
  { name, script, rights, flags = [] }: Source,
  outputDir: string,
  target: string | undefined,
): Promise<string> {
  const folder = target === undefined ? outputDir : `${outputDir}/${target}`;
  const output = `${folder}/${name}${target?.includes("windows") ? ".exe" : ""}`;
  log.info("Compiling {script} for {target}", { script, target: target ?? "this machine" });
  const { code, stderr } = await runDeno([
    ...["compile", "-q", "--no-check", "--frozen", "--no-prompt"],
    ...[...flags, ...rightFlags(bakedIn(rights))],
    ...(await unwanted(script)).flatMap((path) => ["--exclude", path]),
    ...target === undefined ? [] : ["--target", target],
    ...["--output", output, script],
  ]);
  if (code === 0) return output;
  const failure = `Cannot compile '${script}' for ${target ?? "this machine"}`;
  const details = lastLines(stderr);
  if (!/denort|dns error|error sending request/.test(stderr)) {
    throw new UserError(failure, { details });
  }
  throw new UserError(`${failure}: the runtime, which a binary is made of, cannot be downloaded`, {
    hint: "A machine with access to dl.deno.land can; or name a runtime that is here already: " +
      "DENORT_BIN=/path/to/denort deno task compile",
    details,
  });
}

/**
 * A binary's rights are fixed when it is made. Brokers, certificates and databases can be anywhere,
 * so it may connect to any host and read any file, and where its task writes one, write any.
 */
function bakedIn(rights: PermissionSet): PermissionSet {
  return { ...rights, net: true, read: true, ...rights.write ? { write: true } : {} };
}

/**
 * Folders that a binary does without: the samples that bintrees (below prom-client) brings along for
 * its own tests, which make the compiler of Deno 2.9.6 overflow its stack.
 */
async function unwanted(script: string): Promise<string[]> {
  return (await packagesOf(script)).filter(({ name }) => name === "bintrees")
    .map(({ localPath }) => `${localPath}/test`);
}

if (import.meta.main) await runMain(main);
