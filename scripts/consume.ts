/**
 * A console consumer: prints the records of a topic.
 *
 *     deno task consume --from-beginning
 */
import { getLogger } from "@logtape/logtape";
import { jsonValues } from "../lib/avro/json_values.ts";
import { clusterConfig, kafkaOptions, topicOption } from "../lib/cli/options/kafka.ts";
import { flag, option, type OptionGroup } from "../lib/cli/option.ts";
import { program, runMain } from "../lib/cli/program.ts";
import { openRegistry, registryOptions } from "../lib/cli/options/registry.ts";
import { groupName, integer, oneOf } from "../lib/cli/values.ts";
import { RecordOutput } from "../lib/console/record_output.ts";
import { assignedText } from "../lib/kafka/consume/assigned.ts";
import { openCluster } from "../lib/kafka/client/cluster.ts";
import { readTopic } from "../lib/kafka/consume/reader.ts";
import { counted } from "../lib/terminal/status_line.ts";

const logger = getLogger(["wikitap", "consume"]);

const consumeOptions = {
  title: "Reading",
  options: {
    topic: topicOption,
    fromBeginning: flag(
      "Begin with the oldest record, and go on with new ones; default: new ones only. " +
        "A --group begins where it left off, if it was here before.",
    ),
    maxMessages: option({
      placeholder: "N",
      help: "End after N records.",
      parse: integer(1, Number.MAX_SAFE_INTEGER),
      defaultText: "no limit",
    }),
    group: option({
      placeholder: "NAME",
      help:
        "The consumer group to be in: its members share the partitions, and where it left off " +
        "is kept. A record may come twice after a failure, and none is lost.",
      parse: groupName,
      defaultText: "one of its own, deleted at the end",
    }),
    output: option({
      placeholder: "FORMAT",
      help:
        "value: the record's value as it is, Avro as JSON; line: one readable line per edit; json: one " +
        "object with key, partition, offset, timestamp, headers and value.",
      parse: oneOf("value", "line", "json"),
      defaultText: "line on a terminal, value in a pipe",
    }),
    uncommitted: flag("Also records of transactions that are open or were aborted."),
  },
} satisfies OptionGroup;

export const main = program({
  usage: "deno task consume",
  summary: "Prints the records of a topic, those of committed transactions only, until Ctrl-C.",
  examples: [
    ["deno task consume", "Edits as they come in"],
    ["deno task consume --from-beginning --max-messages 10", "The ten oldest ones"],
    ["deno task consume --output json | head -1", "One record with all that Kafka knows of it"],
  ],
  groups: [consumeOptions, kafkaOptions, registryOptions],
  run: async (options, stop) => {
    const { topic, group, uncommitted, maxMessages, fromBeginning } = options;
    const isTerminal = Deno.stdout.isTerminal();
    const output = new RecordOutput({
      output: options.output ?? (isTerminal ? "line" : "value"),
      isTerminal,
      stop,
    });
    const readable = jsonValues(openRegistry(options));
    let count = 0;
    const begin = fromBeginning ? "from its beginning" : "from now on";
    logger.info("Reading '{topic}' {from}; Ctrl-C ends it", {
      topic,
      from: group === undefined
        ? begin
        : `where the group '${group}' ended, or ${begin} without a committed offset`,
    });
    await readTopic(openCluster(clusterConfig(options)), {
      topic,
      from: fromBeginning ? "beginning" : "now",
      group,
      groupPrefix: "wikitap-consume",
      uncommitted,
      maxRecords: maxMessages,
      signal: AbortSignal.any([stop, output.closed]),
      onAssigned: (partitions) => {
        const assigned = assignedText("Reading", partitions, topic);
        logger.info("{assigned}", { assigned, topic, partitions });
      },
      handle: async ({ partition, records }) => {
        await output.print({ partition, records: await readable(records) });
        count += records.length;
      },
      onCommit: () => output.flush(),
    });
    await output.flush();
    logger.info("Read {records}", { records: counted(count, "record"), count });
  },
});

if (import.meta.main) await runMain(main);
