/**
 * Tries to make the producer lose or duplicate an edit: injects faults into the stream, kills and
 * freezes the producer and the brokers, and sets its clock, on a Kafka of its own.
 *
 *     deno task chaos
 */
import { EVENTS_PER_BURST } from "../../tests/chaos/harness/bursts.ts";
import { isKept, reportText } from "../../tests/chaos/harness/report.ts";
import { runChaos } from "../../tests/chaos/harness/run.ts";
import { option, type OptionGroup } from "../../lib/cli/option.ts";
import { program, runMain } from "../../lib/cli/program.ts";
import { examplesText } from "../../lib/cli/programs/verify/verify_report.ts";
import { duration, integer, listOf, oneOf } from "../../lib/cli/values.ts";
import { ExitCode, UsageError, UserError } from "../../lib/shared/error.ts";
import { writeOutput } from "../../lib/terminal/output.ts";

const chaosOptions = {
  title: "Chaos",
  options: {
    events: option({
      placeholder: "N",
      help: "Number of events. About 38 % are edits, which are published.",
      parse: integer(1000, 100_000_000),
      default: 100_000,
    }),
    duration: option({
      placeholder: "DURATION",
      help: "Minimum time over which the events appear. Faults that take longer extend it.",
      parse: duration,
      defaultText: "5s per kill of the producer, 14s per kill of a broker, 45s per freeze",
    }),
    producerKills: option({
      placeholder: "N",
      help: "Number of times that the producer gets SIGKILL.",
      parse: integer(0, 100_000),
      default: 10,
    }),
    brokerKills: option({
      placeholder: "N",
      help: "Number of times that a broker gets SIGKILL.",
      parse: integer(0, 100_000),
      default: 4,
    }),
    producerFreezes: option({
      placeholder: "N",
      help:
        "Number of times that the producer gets SIGSTOP for longer than its transaction timeout.",
      parse: integer(0, 10_000),
      defaultText: "one per 100,000 events",
    }),
    brokerFreezes: option({
      placeholder: "N",
      help: "Number of times that a broker gets SIGSTOP for equally long.",
      parse: integer(0, 10_000),
      defaultText: "one per 100,000 events",
    }),
    clockSteps: option({
      placeholder: "N",
      help: "Approximate number of steps of the producer's clock, by a minute to a day.",
      parse: integer(0, 100_000),
      default: 20,
    }),
    streamFaults: option({
      placeholder: "N",
      help:
        "Approximate number of connections to the stream that fail. With bursts, more than one per 5,000 events takes long: most connections end before they bring new events.",
      parse: integer(0, 1_000_000),
      default: 15,
    }),
    deadConnections: option({
      placeholder: "N",
      help: "Number of times that the network forgets the connection to the stream.",
      parse: integer(0, 100_000),
      defaultText: "one per 20,000 events",
    }),
    bursts: option({
      placeholder: "N",
      help:
        "Number of bursts: 12,000 events within 4 s. The producer restarts at the end of each, and the stream sends the whole burst again.",
      parse: integer(0, 10_000),
      defaultText: "one per 50,000 events",
    }),
    repeats: option({
      placeholder: "N",
      help: "Approximate number of events that repeat an earlier meta.id.",
      parse: integer(0, 1_000_000),
      defaultText: "one per 500 events",
    }),
    codecs: option({
      placeholder: "CODEC[,…]",
      help:
        "Codecs with which the brokers compress the topic, in turn: gzip, lz4, snappy, zstd; producer: as sent.",
      parse: listOf(oneOf("producer", "gzip", "lz4", "snappy", "zstd")),
      default: ["lz4", "zstd"],
    }),
    protocol: option({
      placeholder: "http1|http2",
      help: "Protocol of the stream; http2 is over TLS.",
      parse: oneOf("http1", "http2"),
      default: "http2",
    }),
    nodes: option({
      placeholder: "1|3",
      help: "Number of brokers: one, or three that replicate.",
      parse: oneOf("1", "3"),
      default: "3",
    }),
    delivery: option({
      placeholder: "DELIVERY",
      help: "exactly-once, or at-least-once, which allows duplicates.",
      parse: oneOf("exactly-once", "at-least-once"),
      default: "exactly-once",
    }),
    seed: option({
      placeholder: "N",
      help: "Seed of everything random. Timing still differs between runs.",
      parse: integer(0, 2 ** 32 - 1),
      defaultText: "random, and printed",
    }),
    program: option({
      placeholder: "FILE",
      help: "Producer to run instead of main.ts, to check that its bugs are found.",
      parse: String,
      default: "main.ts",
    }),
  },
} satisfies OptionGroup;

/** Kafka's data and the output of every producer. */
const DIRECTORY = ".local/chaos";

export const main = program({
  usage: "deno task chaos",
  summary:
    "Tries to make the producer lose or duplicate an edit. Injects faults into the stream, " +
    "kills and freezes producer and brokers at random moments, and sets the producer's clock. Compares the topic with what was served, and " +
    "fails on any edit that is lost, duplicated or out of order within its page.",
  examples: [
    ["deno task chaos", "A short run on three brokers"],
    [
      "deno task chaos --nodes 1 --broker-kills 0 --broker-freezes 0",
      "Faults of producer and stream only, on one broker",
    ],
    [
      "deno task chaos --events 1000000 --producer-kills 100 --broker-kills 40 --stream-faults 120 " +
      "--producer-freezes 8 --broker-freezes 8 --clock-steps 200 --dead-connections 50 --bursts 10",
      "A long run, about 30 minutes",
    ],
  ],
  groups: [chaosOptions],
  async run(options, stop) {
    const { seed = crypto.getRandomValues(new Uint32Array(1))[0]!, events } = options;
    const { bursts = Math.floor(events / 50_000), repeats = Math.ceil(events / 500) } = options;
    const freezes = Math.floor(events / 100_000);
    const { deadConnections = Math.floor(events / 20_000) } = options;
    const { producerFreezes = freezes, brokerFreezes = freezes } = options;
    if (bursts * EVENTS_PER_BURST > events) {
      throw new UsageError(
        `Cannot place ${bursts} bursts in ${events} events, expected at least ` +
          `${bursts * EVENTS_PER_BURST}`,
        { hint: "Choose fewer --bursts or more --events" },
      );
    }
    writeOutput(`seed ${seed}\n`);
    const report = await runChaos({
      ...options,
      seed,
      bursts,
      repeats,
      deadConnections,
      producerFreezes,
      brokerFreezes,
      duration: options.duration ?? Math.max(
        5000 * options.producerKills + 45_000 * producerFreezes,
        14_000 * options.brokerKills + 45_000 * brokerFreezes,
      ),
      directory: DIRECTORY,
      stop,
      nodes: options.nodes === "3" ? 3 : 1,
    }).catch((error) => {
      // Ctrl-C reaches the producer too, which then seems to fail.
      throw stop.aborted ? new UserError("Stopped before the comparison") : error;
    });
    writeOutput(`\n${reportText(report)}\n`);
    for (const table of examplesText(report.verdict)) writeOutput(`${table}\n`);
    const isGood = isKept(report.verdict, options.delivery);
    writeOutput(
      `${isGood ? "Kept" : "BROKEN"}: ${options.delivery}, seed ${seed}, ` +
        `${Math.round(report.seconds)} s, ${new Date().toISOString().slice(0, 10)}\n`,
    );
    return isGood ? ExitCode.done : ExitCode.failure;
  },
});

if (import.meta.main) await runMain(main);
