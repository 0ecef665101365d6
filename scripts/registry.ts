/**
 * A real schema registry on this machine, for values in Avro: needs Java 17, and Maven to fetch it.
 *
 *     deno task registry start
 *     deno task start --format avro --schema-registry http://127.0.0.1:8081/apis/ccompat/v7
 */
import { getLogger } from "@logtape/logtape";
import { flag, option, type OptionGroup, type Values } from "../lib/cli/option.ts";
import { program, runMain } from "../lib/cli/program.ts";
import { port } from "../lib/cli/values.ts";
import { ExitCode, UsageError, UserError } from "../lib/error.ts";
import { watchLaunchers } from "../lib/local/orphan.ts";
import {
  type LocalRegistry,
  REGISTRY_DIRECTORY,
  registryStatus,
  startRegistry,
  stopRegistry,
} from "../lib/local/registry.ts";
import { writeOutput } from "../lib/terminal/output.ts";

const registryOptions = {
  title: "start",
  options: {
    port: option({
      placeholder: "PORT",
      help: "TCP port on 127.0.0.1. 0: any that is free.",
      parse: port,
      default: 8081,
    }),
    detach: flag("Return when the registry answers; it then lives until 'stop'."),
    clean: flag("Drop all schemas of earlier runs; records that were written with them stay."),
  },
} satisfies OptionGroup;

type StartOptions = Values<typeof registryOptions.options>;

const log = getLogger(["wikitap", "registry"]);

export const main = program({
  usage: "deno task registry start|stop|status",
  summary: "A real schema registry on this machine (Apicurio, with Confluent's API), for values " +
    "in Avro. It is fetched with Maven the first time (140 MB); schemas and log are in " +
    ".local/registry.",
  examples: [
    ["deno task registry start", "On port 8081, until Ctrl-C; prints the URL"],
    ["deno task registry start --detach", "The same in the background, until 'stop'"],
    ["deno task registry status", "Whether it answers (exit code 1 if it does not)"],
    ["deno task registry stop", "Stop it, whoever started it; the schemas stay"],
  ],
  groups: [registryOptions],
  operands: 1,
  run(options, stop) {
    const [command] = options.operands;
    switch (command) {
      case "start":
        return start(options, stop);
      case "stop":
        return stopRunning();
      case "status":
        return status();
      default:
        throw new UsageError(
          command === undefined ? "Say what to do" : `Unknown command '${command}'`,
          { hint: "One of start, stop, status; see --help" },
        );
    }
  },
});

async function start({ port, detach, clean }: StartOptions, stop: AbortSignal): Promise<void> {
  if (!clean && await runsAlready(port)) return;
  await using launchers = await watchLaunchers();
  const signal = AbortSignal.any([stop, launchers.signal]);
  let registry: LocalRegistry;
  try {
    registry = await startRegistry({
      directory: REGISTRY_DIRECTORY,
      port,
      clean,
      detached: detach,
      signal,
    });
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  writeOutput(`${registry.url}\n`);
  if (detach) log.info("The registry answers, and runs until: deno task registry stop");
  else await stayInForeground(registry, signal);
}

/** A registry at the port that is asked for is as good as a new one. */
async function runsAlready(port: number): Promise<boolean> {
  const found = await registryStatus(REGISTRY_DIRECTORY);
  if (!found?.answers || (port !== 0 && new URL(found.url).port !== String(port))) return false;
  log.info("This registry runs already");
  writeOutput(`${found.url}\n`);
  return true;
}

/** Until a signal, our launcher's end, `registry stop` from elsewhere, or its own end. */
async function stayInForeground(registry: LocalRegistry, signal: AbortSignal): Promise<void> {
  await using _running = registry;
  log.info("The registry answers; Ctrl-C stops it");
  const aborted = Promise.withResolvers<undefined>();
  if (signal.aborted) aborted.resolve(undefined);
  signal.addEventListener("abort", () => aborted.resolve(undefined));
  const code = await Promise.race([registry.ended, aborted.promise]);
  if (code !== undefined && code !== ENDED_BY_SIGTERM) {
    throw new UserError(`The registry ended: exit code ${code}`, {
      hint: `Its log: '${REGISTRY_DIRECTORY}/registry.log'`,
    });
  }
  log.info("Stopping the registry");
}

/** What a Java that was asked to stop returns. */
const ENDED_BY_SIGTERM = 128 + 15;

async function stopRunning(): Promise<void> {
  const ran = await stopRegistry(REGISTRY_DIRECTORY);
  log.info(ran ? "Stopped the registry" : "No registry runs here");
}

async function status(): Promise<ExitCode> {
  const found = await registryStatus(REGISTRY_DIRECTORY);
  if (found?.pid === undefined) {
    writeOutput("No registry runs here\n");
    return ExitCode.failure;
  }
  const { url, pid, answers } = found;
  writeOutput(`${url}  process ${pid}, ${answers ? "answers" : "does not answer"}\n`);
  return answers ? ExitCode.done : ExitCode.failure;
}

if (import.meta.main) await runMain(main);
