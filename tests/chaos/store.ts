/**
 * Tries to make `store` lose or duplicate a row: kills members of the group, the database and
 * brokers, on a Kafka and a database of its own.
 *
 *     deno run -A tests/chaos/store.ts
 */
import { option, type OptionGroup } from "../../lib/cli/option.ts";
import { program, runMain } from "../../lib/cli/program.ts";
import { integer, oneOf, positiveDuration } from "../../lib/cli/values.ts";
import { ExitCode } from "../../lib/shared/error.ts";
import { writeOutput } from "../../lib/terminal/output.ts";
import { tableText } from "../../lib/terminal/table.ts";
import { PLACES } from "./store_places.ts";
import { runStoreChaos } from "./store_chaos.ts";

const times = (help: string, count: number) =>
  option({ placeholder: "N", help, parse: integer(0, 10_000), default: count });

const chaosOptions = {
  title: "Chaos",
  options: {
    sink: option({
      placeholder: "KIND",
      help: `Where the members store: ${Object.keys(PLACES).join(", ")}.`,
      parse: oneOf(...Object.keys(PLACES) as (keyof typeof PLACES)[]),
      default: "postgres",
    }),
    records: option({
      placeholder: "N",
      help: "Records that are committed, about.",
      parse: integer(1, 100_000_000),
      default: 300_000,
    }),
    duration: option({
      placeholder: "DURATION",
      help: "The least time over which they are published.",
      parse: positiveDuration,
      default: 300_000,
    }),
    storeKills: times("How often a member gets SIGKILL.", 20),
    storeStops: times("How often a member stands still for longer than its session.", 4),
    databaseKills: times("How often PostgreSQL or OpenSearch is killed.", 6),
    brokerKills: times("How often a broker gets SIGKILL.", 4),
    seed: option({
      placeholder: "N",
      help: "What everything random follows from, as far as the machine's timing lets it.",
      parse: integer(0, 2 ** 32 - 1),
      defaultText: "a random one, which is printed",
    }),
  },
} satisfies OptionGroup;

export const main = program({
  usage: "deno run -A tests/chaos/store.ts",
  summary:
    "Three members of a group store a topic in a database, while members, the database and " +
    "brokers get SIGKILL. Compares the rows with the topic's committed records, and fails on any " +
    "that is lost, duplicated or of an aborted transaction.",
  examples: [
    ["deno run -A tests/chaos/store.ts", "Five minutes"],
    ["deno run -A tests/chaos/store.ts --duration 1h --store-kills 300", "A long one"],
  ],
  groups: [chaosOptions],
  async run({ seed = crypto.getRandomValues(new Uint32Array(1))[0]!, ...options }) {
    writeOutput(`seed ${seed}\n`);
    const report = await runStoreChaos({
      ...options,
      seed,
      log: (line) => writeOutput(`${new Date().toISOString().slice(11, 19)} ${line}\n`),
    });
    writeOutput(tableText(Object.entries(report).map(([what, count]) => ({ what, count }))));
    const { lost, extra, duplicated, aborted, missing } = report;
    return lost + extra + duplicated + aborted + missing === 0 ? ExitCode.done : ExitCode.failure;
  },
});

if (import.meta.main) await runMain(main);
