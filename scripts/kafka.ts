/**
 * Runs Apache Kafka on this machine, without Docker. Needs Java 17, and Maven or `KAFKA_HOME`.
 *
 *     deno task kafka start
 */
import { program, runMain } from "../lib/cli/program.ts";
import { KAFKA_SERVICE_GROUPS, runKafka } from "../lib/cli/programs/local/kafka.ts";

export const main = program({
  usage: "deno task kafka start|stop|status",
  summary: "Runs Apache Kafka on this machine. The first start downloads it with Maven, unless " +
    "KAFKA_HOME names an unpacked Kafka. Data and logs are in .local/kafka.",
  examples: [
    ["deno task kafka start", "One node on localhost:9092, until Ctrl-C"],
    ["deno task kafka start --detach", "The same in the background, until 'stop'"],
    ["deno task kafka start --nodes 3 --clean", "Three nodes that replicate, without old data"],
    ["deno task kafka status", "Shows whether the nodes answer; exit code 1 if not"],
    ["deno task kafka stop", "Stops it; the data stays"],
  ],
  groups: KAFKA_SERVICE_GROUPS,
  operands: 1,
  run: runKafka,
});

if (import.meta.main) await runMain(main);
