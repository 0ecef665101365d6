import { type Main, program } from "../../program.ts";
import { flag, option, type OptionGroup, type Values } from "../../option.ts";
import { runService, type Service } from "./local_service.ts";
import { oneOf, port } from "../../values.ts";
import { UsageError } from "../../../shared/error.ts";
import { KAFKA_DIRECTORY, startKafka } from "../../../local/kafka/start.ts";
import { kafkaStatus, stopKafka } from "../../../local/kafka/status.ts";

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
      help: "Port of the first node on 127.0.0.1. Two more nodes use the next ports. " +
        "0: any free ports.",
      parse: port,
      default: 9092,
    }),
    detach: flag("Return when Kafka is ready, and leave it running until 'stop'."),
    clean: flag("Delete the topics and data of earlier runs."),
  },
} satisfies OptionGroup;

/** Runs Kafka on this machine. */
export const kafkaMain: Main = program({
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
  groups: [kafkaOptions],
  operands: 1,
  run: async (options, stop) => {
    const { nodes, port } = options;
    if (port + Number(nodes) > 65_536) {
      throw new UsageError(
        `Cannot use --port ${port} for ${nodes} nodes: expected at most ${65_536 - Number(nodes)}`,
      );
    }
    return await runService(serviceOf(options), options, stop);
  },
});

function serviceOf(
  { nodes, port, clean, detach }: Values<typeof kafkaOptions.options>,
): Service {
  return {
    name: "Kafka",
    async find() {
      const found = await kafkaStatus(KAFKA_DIRECTORY);
      // For a cluster of another size, `start` throws.
      const isLike = found !== undefined && String(found.nodes.length) === nodes &&
        (port === 0 || found.nodes[0]?.port === port) &&
        found.nodes.every(({ answers }) => answers);
      return isLike ? found.bootstrapServers : undefined;
    },
    async start(signal) {
      const kafka = await startKafka({
        directory: KAFKA_DIRECTORY,
        nodes: nodes === "3" ? 3 : 1,
        port,
        clean,
        detached: detach,
        signal,
      });
      return {
        address: kafka.bootstrapServers,
        ended: kafka.ended.then(({ id, code }) => ({
          name: `broker ${id}`,
          code,
          log: `${KAFKA_DIRECTORY}/node-${id}/broker.log`,
        })),
        [Symbol.asyncDispose]: () => kafka.stop(),
      };
    },
    stop: async () => await stopKafka(KAFKA_DIRECTORY) > 0,
    async status() {
      const nodes = (await kafkaStatus(KAFKA_DIRECTORY))?.nodes ?? [];
      return nodes.map(({ id, port, ...state }) => ({
        address: `127.0.0.1:${port}`,
        name: `broker ${id}`,
        ...state,
      }));
    },
  };
}
