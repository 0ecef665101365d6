/**
 * A real Apache Kafka on this machine, without Docker: needs Java 17, and Maven or `KAFKA_HOME`.
 *
 *     deno task kafka start
 */
import { flag, option, type OptionGroup, type Values } from "../lib/cli/option.ts";
import { program, runMain } from "../lib/cli/program.ts";
import { oneOf, port } from "../lib/cli/values.ts";
import { ExitCode, UsageError, UserError } from "../lib/error.ts";
import { KAFKA_DIRECTORY, startKafka } from "../lib/local/broker.ts";
import type { LocalKafka } from "../lib/local/local_kafka.ts";
import { kafkaStatus, stopKafka } from "../lib/local/running.ts";
import { watchLaunchers } from "../lib/local/orphan.ts";
import { writeOutput } from "../lib/terminal/output.ts";
import { getLogger } from "@logtape/logtape";

const kafkaOptions = {
  title: "start",
  options: {
    nodes: option({
      placeholder: "1|3",
      help: "One node, or a cluster of three with replication 3 and min.insync.replicas 2.",
      parse: oneOf("1", "3"),
      default: "1",
    }),
    port: option({
      placeholder: "PORT",
      help: "The first node's port on 127.0.0.1; two more nodes take the next ones. " +
        "0: any that are free.",
      parse: port,
      default: 9092,
    }),
    detach: flag("Return when Kafka answers; it then lives until 'stop'."),
    clean: flag("Drop all topics and data of earlier runs."),
  },
} satisfies OptionGroup;

type StartOptions = Values<typeof kafkaOptions.options>;

const log = getLogger(["wikitap", "kafka"]);

export const main = program({
  usage: "deno task kafka start|stop|status",
  summary: "A real Apache Kafka on this machine. It is fetched with Maven the first time, unless " +
    "KAFKA_HOME names an unpacked one; data and logs are in .local/kafka.",
  examples: [
    ["deno task kafka start", "One node on localhost:9092, until Ctrl-C"],
    ["deno task kafka start --detach", "The same in the background, until 'stop'"],
    ["deno task kafka start --nodes 3 --clean", "Three nodes that replicate, with no old data"],
    ["deno task kafka status", "What runs, and whether it answers (exit code 1 if it does not)"],
    ["deno task kafka stop", "Stop it, whoever started it; the data stays"],
  ],
  groups: [kafkaOptions],
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

async function start(options: StartOptions, stop: AbortSignal): Promise<void> {
  if (options.port + Number(options.nodes) > 65_536) {
    throw new UsageError(`--port ${options.port} leaves no room for ${options.nodes} nodes`);
  }
  if (!options.clean && await runsAlready(options)) return;
  await using launchers = await watchLaunchers();
  const signal = AbortSignal.any([stop, launchers.signal]);
  let kafka: LocalKafka;
  try {
    kafka = await startKafka({
      directory: KAFKA_DIRECTORY,
      nodes: options.nodes === "3" ? 3 : 1,
      port: options.port,
      clean: options.clean,
      detached: options.detach,
      signal,
    });
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  writeOutput(`${kafka.bootstrapServers}\n`);
  if (options.detach) {
    log.info("Kafka answers, and runs until: deno task kafka stop");
  } else await stayInForeground(kafka, signal);
}

/** Until a signal, our launcher's end, `kafka stop` from elsewhere, or the end of a broker. */
async function stayInForeground(kafka: LocalKafka, signal: AbortSignal): Promise<void> {
  await using _running = kafka;
  log.info("Kafka answers; Ctrl-C stops it");
  const aborted = Promise.withResolvers<undefined>();
  if (signal.aborted) aborted.resolve(undefined);
  signal.addEventListener("abort", () => aborted.resolve(undefined));
  const ended = await Promise.race([kafka.ended, aborted.promise]);
  if (ended !== undefined && ended.code !== ENDED_BY_SIGTERM) {
    throw new UserError(`Broker ${ended.id} ended: exit code ${ended.code}`, {
      hint: `Its log: '${KAFKA_DIRECTORY}/node-${ended.id}/broker.log'`,
    });
  }
  log.info("Stopping Kafka");
}

/** What a Java that was asked to stop returns. */
const ENDED_BY_SIGTERM = 128 + 15;

/** A Kafka like the one that is asked for is as good as a new one; another kind is refused. */
async function runsAlready({ nodes, port }: StartOptions): Promise<boolean> {
  const found = await kafkaStatus(KAFKA_DIRECTORY);
  const isLike = found !== undefined && String(found.nodes.length) === nodes &&
    (port === 0 || found.nodes[0]?.port === port) && found.nodes.every(({ answers }) => answers);
  if (!isLike) return false;
  log.info("This Kafka runs already");
  writeOutput(`${found.bootstrapServers}\n`);
  return true;
}

async function stopRunning(): Promise<void> {
  const count = await stopKafka(KAFKA_DIRECTORY);
  log.info(count === 0 ? "No Kafka runs here" : `Stopped Kafka: ${count} of its nodes ran`);
}

async function status(): Promise<ExitCode> {
  const nodes = (await kafkaStatus(KAFKA_DIRECTORY))?.nodes ?? [];
  if (nodes.every(({ pid }) => pid === undefined)) {
    writeOutput("No Kafka runs here\n");
    return ExitCode.failure;
  }
  for (const { id, port, pid, answers } of nodes) {
    const state = pid === undefined
      ? "does not run"
      : `process ${pid}, ${answers ? "answers" : "does not answer"}`;
    writeOutput(`127.0.0.1:${port}  broker ${id}: ${state}\n`);
  }
  return nodes.every(({ answers }) => answers) ? ExitCode.done : ExitCode.failure;
}

if (import.meta.main) await runMain(main);
