/**
 * Measures `verify` on a topic that the producer has filled, compared with the producer.
 *
 *     deno run -A --frozen --lock=tests/deno.lock tests/bench/verify.ts
 */
import { option, type OptionGroup } from "../../lib/cli/option.ts";
import { program, runMain } from "../../lib/cli/program.ts";
import { integer } from "../../lib/cli/values.ts";
import { startKafka } from "../../lib/local/kafka/start.ts";
import { writeOutput } from "../../lib/terminal/output.ts";
import { tableText } from "../../lib/terminal/table.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { startProgram } from "../support/programs/program.ts";
import { measure } from "./store_measure.ts";
import { v8Flags } from "./tasks.ts";

const benchOptions = {
  title: "Size",
  options: {
    records: option({
      placeholder: "N",
      help: "Approximate number of records in the topic.",
      parse: integer(10_000, 100_000_000),
      default: 1_000_000,
    }),
  },
} satisfies OptionGroup;

const DIRECTORY = ".local/bench/verify";
/** Events per second by the timestamps of `replay`, which keeps 31 days of them. */
const RATE = 40;
const AGE_MS = 30 * 86_400_000;
const LIMIT_MS = 24 * 3_600_000;

/** The programs, and V8's flags in their tasks. */
const PROGRAMS = {
  "main.ts": v8Flags("start"),
  "scripts/verify.ts": v8Flags("verify"),
};

export const main = program({
  usage: "deno run -A --frozen --lock=tests/deno.lock tests/bench/verify.ts",
  summary:
    "Measures the time, CPU time and memory that 'verify' takes, and the producer before it.",
  examples: [["deno run -A … tests/bench/verify.ts --records 10000000", "Ten million records"]],
  groups: [benchOptions],
  async run({ records }, stop) {
    const directory = `${DIRECTORY}/kafka`;
    await using kafka = await startKafka({ directory, port: 0, clean: true, signal: stop });
    const replayed = ["--rate", "0", "--port", "0"];
    await using replay = startProgram("scripts/replay.ts", replayed, { limit: LIMIT_MS });
    const [url] = (await replay.untilOutput("Press Ctrl-C")).match(/http:\S+(?=\n)/)!;
    const since = Date.now() - AGE_MS;
    const until = since + records / RATE * 1000;
    const args = [
      ...["--bootstrap-server", kafka.bootstrapServers, "--stream-url", url, "--types", "*"],
      ...["--topic", await makeTopic(kafka.bootstrapServers, { partitions: 6 })],
      ...["--since", String(Math.round(since)), "--until", String(Math.round(until))],
    ];
    const rows = [];
    let output = "";
    for (const [script, v8] of Object.entries(PROGRAMS)) {
      const flags = ["run", "-q", "-A", ...v8];
      const measured = await measure([Deno.execPath(), ...flags, script, ...args]);
      ({ output } = measured);
      rows.push({
        program: script,
        "records/s": Math.round(records / measured.seconds),
        seconds: Math.round(measured.seconds),
        "CPU s": Math.round(measured.cpu),
        MB: Math.round(measured.peakMb),
      });
    }
    writeOutput(`${output}\n${tableText(rows)}`);
    replay.process.kill("SIGTERM");
    await replay.ended;
  },
});

if (import.meta.main) await runMain(main);
