/**
 * Measures `inspect` on a large cluster of its own: 1,000 topics with 10,000 partitions.
 *
 *     deno run -A tests/bench/inspect.ts
 */
import { option, type OptionGroup } from "../../lib/cli/option.ts";
import { program, runMain } from "../../lib/cli/program.ts";
import { integer } from "../../lib/cli/values.ts";
import { disconnect, openCluster } from "../../lib/kafka/client/cluster.ts";
import type { ClusterView } from "../../lib/kafka/inspect/topics.ts";
import { startKafka } from "../../lib/local/kafka/start.ts";
import { sleep } from "../../lib/shared/sleep.ts";
import { writeError, writeOutput } from "../../lib/terminal/output.ts";
import { tableText } from "../../lib/terminal/table.ts";
import { measure } from "./store_measure.ts";

const benchOptions = {
  title: "Size",
  options: {
    topics: option({
      placeholder: "N",
      help: "Topics in the cluster.",
      parse: integer(1, 100_000),
      default: 1000,
    }),
    partitions: option({
      placeholder: "N",
      help: "Partitions of each topic.",
      parse: integer(1, 1000),
      default: 10,
    }),
    rounds: option({
      placeholder: "N",
      help: "Runs of each command.",
      parse: integer(1, 100),
      default: 5,
    }),
  },
} satisfies OptionGroup;

const COMMANDS: readonly (readonly string[])[] = [
  ["--help"],
  [],
  ["--output", "json"],
  ["topic", "topic-0"],
  ["groups"],
];

/** The number of topics per request. */
const AT_ONCE = 20;

/** The interval of memory samples, in ms: short, since the program is. */
const SAMPLE_MS = 20;

/** How long the broker may take to create the partitions, and the interval of checks, in ms. */
const LIMIT_MS = 900_000;
const POLL_MS = 10_000;

export const main = program({
  usage: "deno run -A tests/bench/inspect.ts",
  summary: "Measures time, CPU time and memory of 'inspect' on a cluster with many partitions.",
  examples: [["deno run -A tests/bench/inspect.ts", "1,000 topics with 10,000 partitions"]],
  groups: [benchOptions],
  async run({ topics, partitions, rounds }, stop) {
    const directory = await Deno.makeTempDir({ prefix: "wikitap-inspect-" });
    try {
      await using kafka = await startKafka({ directory, port: 0, heap: 1024, signal: stop });
      await createTopics(kafka.bootstrapServers, topics, partitions);
      await untilSeen(kafka.bootstrapServers, topics * partitions, stop);
      const rows = [];
      for (const command of COMMANDS) {
        const runs = [];
        for (let round = 0; round < rounds && !stop.aborted; round++) {
          runs.push(await measure(inspect(command, kafka.bootstrapServers), {}, SAMPLE_MS));
        }
        const text = (values: readonly number[], digits: number) =>
          `${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)}`;
        rows.push({
          command: `inspect ${command.join(" ")}`.trim(),
          seconds: text(runs.map(({ seconds }) => seconds), 2),
          "CPU s": text(runs.map(({ cpu }) => cpu), 2),
          MB: text(runs.map(({ peakMb }) => peakMb), 0),
        });
      }
      writeOutput(tableText(rows));
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

/** Runs the program with the permissions of its task. */
function inspect(command: readonly string[], brokers: string): string[] {
  const at = ["--bootstrap-server", brokers];
  const options = ["run", "-q", "--no-prompt", "-P=inspect", "scripts/inspect.ts"];
  return [Deno.execPath(), ...options, ...command, ...command[0] === "--help" ? [] : at];
}

/** Waits until all partitions have leaders and offsets, since the broker creates them slowly. */
async function untilSeen(brokers: string, partitions: number, stop: AbortSignal): Promise<void> {
  const [deno, ...args] = inspect(["--output", "json"], brokers);
  const deadline = Date.now() + LIMIT_MS;
  for (let seen = 0; seen < partitions;) {
    if (Date.now() > deadline) throw new Error(`${seen} of ${partitions} partitions after 15 min`);
    await sleep(POLL_MS, stop);
    stop.throwIfAborted();
    const { stdout } = await new Deno.Command(deno!, { args }).output();
    const { topics } = JSON.parse(new TextDecoder().decode(stdout)) as ClusterView;
    seen = topics.flatMap(({ partitions }) => partitions)
      .filter(({ leader, nextOffset }) => leader !== null && nextOffset !== null).length;
    writeError(`${seen} of ${partitions} partitions\n`);
  }
}

async function createTopics(brokers: string, count: number, numPartitions: number): Promise<void> {
  const admin = openCluster({ brokers: [brokers] }).patient.admin();
  await admin.connect();
  try {
    for (let first = 0; first < count; first += AT_ONCE) {
      const topics = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, i) => ({
        topic: `topic-${first + i}`,
        numPartitions,
        replicationFactor: 1,
      }));
      await admin.createTopics({ topics, waitForLeaders: false, timeout: 60_000 });
      if (first % 200 === 0) writeError(`${first} of ${count} topics\n`);
    }
  } finally {
    await disconnect(admin);
  }
}

if (import.meta.main) await runMain(main);
