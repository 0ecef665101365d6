/**
 * A stand-in for Wikimedia EventStreams on this machine: recorded or synthetic events over HTTP,
 * with faults on demand.
 *
 *     deno task replay
 *     deno task start --stream-url http://127.0.0.1:8181/v2/stream/recentchange
 */
import { option, type OptionGroup, type Values } from "../lib/cli/option.ts";
import { program, runMain } from "../lib/cli/program.ts";
import { integer, listOf, port } from "../lib/cli/values.ts";
import { UsageError, UserError } from "../lib/shared/error.ts";
import { type EventServer, serveEvents } from "../lib/replay/server.ts";
import { withGarbage } from "../lib/replay/service/faults.ts";
import type { EventLog } from "../lib/replay/log.ts";
import { readRecording } from "../lib/replay/recording.ts";
import { syntheticStreams } from "../lib/replay/synthetic/log.ts";
import { untilAborted } from "../lib/shared/sleep.ts";
import { writeOutput } from "../lib/terminal/output.ts";
import { counted } from "../lib/terminal/status_line.ts";

const everySo = (help: string) =>
  option({ placeholder: "N", help, parse: integer(1, 1_000_000_000) });

const eventOptions = {
  title: "Events",
  options: {
    port: option({
      placeholder: "PORT",
      help: "TCP port on 127.0.0.1; 0 lets the system choose.",
      parse: port,
      default: 8181,
    }),
    file: option({
      placeholder: "FILE",
      help:
        "A recording to play instead of synthetic events: raw SSE as the service sends it, or one event a line as JSON; 256 MiB at the most.",
      parse: String,
    }),
    seed: option({
      placeholder: "N",
      help: "What the synthetic events follow from: the same seed, the same events.",
      parse: integer(0, 2 ** 32 - 1),
      default: 0,
    }),
    rate: option({
      placeholder: "N",
      help: "Events per second; 0: all are there at once, and go out as fast as the client reads.",
      parse: integer(0, 1_000_000),
      default: 40,
    }),
    events: option({
      placeholder: "N",
      help:
        "The log ends after N events, and the stream is silent from then on. They begin with the first client.",
      parse: integer(1, Number.MAX_SAFE_INTEGER),
      defaultText: "no end",
    }),
  },
} satisfies OptionGroup;

const faultOptions = {
  title: "Faults, each after so many events on average",
  options: {
    cutEvery: everySo("Tears the connection in the middle of a frame."),
    stallEvery: everySo("Goes silent, and keeps the connection open."),
    errorEvery: everySo("Sends 'event: error' and ends the response."),
    statusEvery: option({
      placeholder: "CODES",
      help:
        "HTTP statuses such as 500,429: after each connection that was served, the next attempts to connect get these, one each.",
      parse: listOf(integer(400, 599)),
    }),
    garbageEvery: everySo("An event that is no JSON: cut off in the middle."),
    canaryEvery: everySo("A canary event. Default: four an hour. Synthetic events only."),
  },
} satisfies OptionGroup;

type EventOptions = Values<typeof eventOptions.options>;
type FaultOptions = Values<typeof faultOptions.options>;

export const main = program({
  usage: "deno task replay",
  summary: "A stand-in for Wikimedia EventStreams, for work without a network, tests and load: " +
    "serves invented or recorded events with the same framing, positions and errors. Invented are " +
    "the streams recentchange, page-create and mediawiki.page_change.v1.",
  examples: [
    ["deno task replay", "Invented edits, 40 events a second"],
    ["deno task replay --rate 0 --events 100000", "100,000 events, as fast as they are read"],
    ["deno task replay --file recording.sse", "Play what was recorded"],
    ["deno task replay --cut-every 500 --status-every 500,429", "An upstream on a bad day"],
  ],
  groups: [eventOptions, faultOptions],
  async run(options, stop) {
    checkCombination(options);
    const log = await openLog(options, Date.now());
    const server = startServer(log, options);
    writeOutput(
      `Serving ${describe(options)} at ${server.url}\n` +
        `Point the producer at it: deno task start --stream-url ${server.url}\n` +
        "Stop with Ctrl-C\n",
    );
    await untilAborted(stop);
    await server.stop();
    writeOutput(`${summary(server)}\n`);
  },
});

function checkCombination({ file, canaryEvery }: EventOptions & FaultOptions): void {
  if (file !== undefined && canaryEvery !== undefined) {
    throw new UsageError("--canary-every does not go with --file", {
      hint: "A recording has the canary events that were recorded",
    });
  }
}

/** Events per second that synthetic timestamps suggest where all events are there at once. */
const SUGGESTED_RATE = 40;
/** How far back synthetic events can be read: as long as upstream keeps them at the most. */
const RETENTION = 31 * 86_400_000;
const LARGEST_FILE = 256 * 1024 * 1024;

async function openLog(options: EventOptions & FaultOptions, now: number): Promise<EventLog> {
  const { file, seed, events, garbageEvery } = options;
  const count = events ?? Infinity;
  const rate = options.rate === 0 ? SUGGESTED_RATE : options.rate;
  const log = file === undefined
    ? syntheticStreams({
      seed,
      rate,
      count,
      from: startOf(options, rate, now),
      ...(options.canaryEvery === undefined ? {} : { canaryEvery: options.canaryEvery }),
    })
    : readRecording(await readFile(file), { name: file, rate, count });
  return garbageEvery === undefined ? log : withGarbage(log, { seed, every: garbageEvery });
}

/** The oldest event: a whole retention back, or so that the last of a limited number is of now. */
function startOf({ events, rate: pace }: EventOptions, rate: number, now: number): number {
  if (events === undefined) return now - RETENTION;
  return pace === 0 ? now - Math.ceil(events * 1000 / rate) : now;
}

async function readFile(file: string): Promise<string> {
  try {
    const { size, isFile } = await Deno.stat(file);
    if (!isFile) throw new UserError(`Cannot read recording '${file}': it is not a file`);
    if (size > LARGEST_FILE) {
      throw new UserError(`Cannot read recording '${file}': it has more than 256 MiB`, {
        hint: "Play a part of it: head -c 200M FILE > PART",
      });
    }
    return await Deno.readTextFile(file);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(`Cannot read recording '${file}'`, { cause });
  }
}

function startServer(log: EventLog, options: EventOptions & FaultOptions): EventServer {
  const { port, file, events, rate, seed } = options;
  const ends = file !== undefined || events !== undefined;
  try {
    return serveEvents({
      log,
      pace: rate === 0 ? "at-once" : ends ? "first-client" : "wall-clock",
      port,
      seed,
      faults: {
        cutEvery: options.cutEvery,
        stallEvery: options.stallEvery,
        errorEvery: options.errorEvery,
        statuses: options.statusEvery,
      },
    });
  } catch (cause) {
    const reason = cause instanceof Deno.errors.AddrInUse
      ? "something else does"
      : cause instanceof Deno.errors.PermissionDenied
      ? "this user may not"
      : undefined;
    if (reason === undefined) throw cause;
    throw new UserError(`Cannot listen on port ${port}: ${reason}`, {
      hint: "Choose another with --port, or 0 for any",
    });
  }
}

function describe({ file, seed, rate, events }: EventOptions): string {
  const what = file === undefined ? `synthetic events (seed ${seed})` : `the recording '${file}'`;
  const many = events === undefined ? "" : `, ${events} in all`;
  return `${what}${many}, ${rate === 0 ? "as fast as they are read" : `${rate} a second`},`;
}

function summary({ stats }: EventServer): string {
  const refused = Object.entries(stats.refused).map(([status, count]) => `${count} x ${status}`);
  const facts = [
    counted(stats.connections, "connection"),
    `${counted(stats.events, "event")} sent`,
    counted(stats.cuts, "cut"),
    counted(stats.stalls, "stall"),
    counted(stats.errors, "error"),
  ];
  return `${facts.join(", ")}, refused: ${refused.join(", ") || "none"}`;
}

if (import.meta.main) await runMain(main);
