import { type Main, program } from "../program.ts";
import { clusterConfig } from "../open/cluster_config.ts";
import { openRegistry } from "../open/logins.ts";
import { resolveTopics } from "../open/topics.ts";
import { getLogger } from "@logtape/logtape";
import { jsonValues } from "../../avro/json_values.ts";
import { kafkaOptions } from "../options/kafka.ts";
import { fromOf, readingOptions, type ReadingValues } from "../options/reading.ts";
import { registryOptions } from "../options/registry.ts";
import { option, type OptionGroup } from "../option.ts";
import { recordSelection } from "./record_selection.ts";
import { oneOf } from "../values.ts";
import { RecordOutput } from "../../console/record_output.ts";
import { openCluster } from "../../kafka/client/cluster.ts";
import { assignedText, topicsText } from "../../kafka/consume/assigned.ts";
import { readNewest } from "../../kafka/consume/newest.ts";
import { readTopic } from "../../kafka/consume/reader.ts";
import { counted } from "../../terminal/numbers.ts";

const logger = getLogger(["wikitap", "consume"]);

const outputOptions = {
  title: "Output",
  options: {
    output: option({
      placeholder: "FORMAT",
      help:
        "value: the record's value unchanged, Avro as JSON; line: one readable line per edit; " +
        "json: one object with topic, key, partition, offset, timestamp, headers and value.",
      parse: oneOf("value", "line", "json"),
      defaultText: "line on a terminal, value in a pipe",
    }),
  },
} satisfies OptionGroup;

/** Prints the records of topics. */
export const consumeMain: Main = program({
  usage: "deno task consume",
  summary: "Prints the records of topics, committed ones only. Runs until Ctrl-C, " +
    "or until --last, --until or --max-messages is reached.",
  examples: [
    ["deno task consume", "New records as they arrive"],
    ["deno task consume --last 10", "The ten newest records"],
    ["deno task consume --from-beginning --max-messages 10", "The ten oldest records"],
    ["deno task consume --since 2h --until 1h --filter wiki=enwiki", "An hour of one wiki"],
    ["deno task consume --partition 0 --offset 100", "One partition, from a given offset"],
    [
      "deno task consume --output json | head -1",
      "One record with its key, offset, timestamp and headers",
    ],
  ],
  groups: [readingOptions, outputOptions, kafkaOptions, registryOptions],
  run: async (options, stop) => {
    const { group, uncommitted, maxMessages: maxRecords, last } = options;
    const from = fromOf(options);
    const isTerminal = Deno.stdout.isTerminal();
    const output = new RecordOutput({
      output: options.output ?? (isTerminal ? "line" : "value"),
      isTerminal,
      stop,
    });
    const cluster = openCluster(clusterConfig(options));
    const topics = await resolveTopics(cluster, options.topic);
    const readable = jsonValues(openRegistry(options));
    const { select, end } = recordSelection(options, readable, logger);
    const extent = { from, partitions: options.partition, uncommitted, select };
    const signal = AbortSignal.any([stop, output.closed]);
    let count = 0;
    logStart(topics, options);
    if (last !== undefined) {
      const newest = await readNewest(cluster, { ...extent, topics, count: last, signal });
      for (const { record, ...at } of newest) await output.print({ ...at, records: [record] });
      count = newest.length;
    } else {
      await readTopic(cluster, {
        ...extent,
        topic: topics,
        group,
        groupPrefix: "wikitap-consume",
        toEnd: options.until !== undefined,
        maxRecords,
        signal,
        onAssigned: (partitions) => {
          const assigned = assignedText("Reading", partitions);
          logger.info("{assigned}", { assigned, partitions });
        },
        handle: async (batch) => {
          await output.print(batch);
          count += batch.records.length;
        },
        onCommit: () => output.flush(),
      });
    }
    await output.flush();
    end();
    logger.info("Read {records}", { records: counted(count, "record"), count });
  },
});

function logStart(topics: readonly string[], options: ReadingValues): void {
  logger.info("Reading {topics} {from}; press Ctrl-C to stop", {
    topics: topicsText(topics),
    from: startText(options),
  });
}

function startText({ group, fromBeginning, since, until, last, offset }: ReadingValues): string {
  const begin = fromBeginning ? "from its beginning" : "from now on";
  if (group !== undefined) {
    return `from the offsets of the group '${group}', or ${begin} if it has none`;
  }
  const end = until === undefined ? "" : ` until ${new Date(until).toISOString()}`;
  if (last !== undefined) return `from its newest ${counted(last, "record")}${end}`;
  if (since !== undefined) return `since ${new Date(since).toISOString()}${end}`;
  if (offset !== undefined) return `from offset ${offset}${end}`;
  return until === undefined ? begin : `from its beginning${end}`;
}
