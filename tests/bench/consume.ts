/**
 * Measures how fast a topic goes into a file, beside kcat. They take turns.
 *
 *     deno run -A --frozen --lock=tests/deno.lock tests/bench/consume.ts
 */
import { option, type OptionGroup } from "../../lib/cli/option.ts";
import { program, runMain } from "../../lib/cli/program.ts";
import { integer } from "../../lib/cli/values.ts";
import { startKafka } from "../../lib/local/kafka/start.ts";
import { shell } from "../../lib/local/process/shell.ts";
import { writeError, writeOutput } from "../../lib/terminal/output.ts";
import { tableText } from "../../lib/terminal/table.ts";
import { median } from "../support/tools/statistics.ts";
import { editsTopic, recordsOption } from "./edits_topic.ts";
import { measure, type Measured } from "./store_measure.ts";
import { v8Flags } from "./tasks.ts";

const benchOptions = {
  title: "Measurement",
  options: {
    records: recordsOption,
    rounds: option({
      placeholder: "N",
      help: "How often each is measured.",
      parse: integer(1, 100),
      default: 5,
    }),
  },
} satisfies OptionGroup;

const DIRECTORY = ".local/bench-consume";

/** How often memory is sampled, in ms: a run takes a second. */
const SAMPLE_MS = 20;

export const main = program({
  usage: "deno run -A --frozen --lock=tests/deno.lock tests/bench/consume.ts",
  summary:
    "Measures time, CPU time and memory of 'consume' and kcat, which write a topic to a file.",
  examples: [["deno run -A … tests/bench/consume.ts", "A million records, five rounds"]],
  groups: [benchOptions],
  async run({ records, rounds }, stop) {
    const directory = `${DIRECTORY}/kafka`;
    await using kafka = await startKafka({ directory, port: 0, clean: true, signal: stop });
    const brokers = kafka.bootstrapServers;
    const topic = await editsTopic(brokers, records);
    const count = String(records);
    const commands = {
      wikitap: [
        ...[Deno.execPath(), "run", "-q", "--no-prompt", ...v8Flags("consume"), "-P=consume"],
        ...["scripts/consume.ts", "--bootstrap-server", brokers, "--topic", topic],
        ...["--from-beginning", "--max-messages", count, "--output", "value", "--quiet"],
      ],
      kcat: ["kcat", "-C", "-b", brokers, "-t", topic, "-c", count, "-q", "-o", "beginning"],
    };
    const runs = new Map<string, Measured[]>();
    for (let round = 0; round < rounds && !stop.aborted; round++) {
      for (const [name, command] of Object.entries(commands)) {
        const file = `${DIRECTORY}/records.txt`;
        const toFile = ["sh", "-c", 'file=$1; shift; exec "$@" > "$file"', "sh", file, ...command];
        const measured = await measure(toFile, {}, SAMPLE_MS);
        const { output } = await shell('wc -l < "$1"', file);
        if (Number(output) !== records) throw new Error(`${name} wrote ${output} of ${records}`);
        writeError(`${name}: ${measured.seconds.toFixed(2)} s\n`);
        runs.set(name, [...runs.get(name) ?? [], measured]);
      }
    }
    writeOutput(tableText([...runs].map(([name, measured]) => row(name, measured))));
  },
});

function row(program: string, runs: readonly Measured[]) {
  return {
    program,
    seconds: text(runs.map(({ seconds }) => seconds), 2),
    "CPU s": text(runs.map(({ cpu }) => cpu), 2),
    MB: text(runs.map(({ peakMb }) => peakMb), 0),
  };
}

/** The median, with minimum and maximum. */
function text(values: readonly number[], digits: number): string {
  const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)]
    .map((value) => value.toFixed(digits));
  return `${middle} (${least}–${most})`;
}

if (import.meta.main) await runMain(main);
