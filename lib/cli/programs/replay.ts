import { checkPair } from "../open/cluster_config.ts";
import { type Main, program } from "../program.ts";
import type { EventLog } from "../../replay/log.ts";
import { readRecording } from "../../replay/recording.ts";
import { withGarbage } from "../../replay/service/faults.ts";
import {
  type EventServer,
  type EventServerOptions,
  serveEvents,
} from "../../replay/service/server.ts";
import { syntheticStreams } from "../../replay/synthetic/log.ts";
import { UsageError, UserError } from "../../shared/error.ts";
import { untilAborted } from "../../shared/sleep.ts";
import { writeOutput } from "../../terminal/output.ts";
import { counted } from "../../terminal/numbers.ts";
import { type GroupValues, option, type OptionGroup } from "../option.ts";
import { integer, listOf, port } from "../values.ts";

const everySo = (help: string) =>
  option({ placeholder: "N", help, parse: integer(1, 1_000_000_000) });

const eventOptions = {
  title: "Events",
  options: {
    port: option({
      placeholder: "PORT",
      help: "Port on 127.0.0.1. 0: any free port.",
      parse: port,
      default: 8181,
    }),
    file: option({
      placeholder: "FILE",
      help:
        "Recording to serve instead of synthetic events: raw SSE, or one JSON event per line. At most 256 MiB.",
      parse: String,
    }),
    seed: option({
      placeholder: "N",
      help: "Seed of the synthetic events: the same seed gives the same events.",
      parse: integer(0, 2 ** 32 - 1),
      default: 0,
    }),
    rate: option({
      placeholder: "N",
      help: "Events per second. 0: as fast as the client reads.",
      parse: integer(0, 1_000_000),
      default: 40,
    }),
    events: option({
      placeholder: "N",
      help: "Number of events, counted from the first client. Then the stream is silent.",
      parse: integer(1, Number.MAX_SAFE_INTEGER),
      defaultText: "no end",
    }),
  },
} satisfies OptionGroup;

const tlsOptions = {
  title: "TLS",
  options: {
    tlsCert: option({
      placeholder: "FILE",
      help:
        "Certificate for 127.0.0.1, in PEM: serves HTTP/2 and HTTP/1.1 over TLS. Run the producer " +
        "with Deno's --cert FILE to trust its CA.",
      parse: String,
    }),
    tlsKey: option({
      placeholder: "FILE",
      help: "Private key of the certificate, in PEM.",
      parse: String,
    }),
  },
} satisfies OptionGroup;

const faultOptions = {
  title: "Faults, each after N events on average",
  options: {
    cutEvery: everySo("Cuts the connection in the middle of a frame."),
    stallEvery: everySo("Goes silent and keeps the connection open."),
    errorEvery: everySo("Sends 'event: error' and ends the response."),
    statusEvery: option({
      placeholder: "CODES",
      help:
        "HTTP statuses such as 500,429. After each served connection, each of the next attempts gets one of these, in order.",
      parse: listOf(integer(400, 599)),
    }),
    garbageEvery: everySo("Sends an event that is cut off and therefore not JSON."),
    canaryEvery: everySo("Sends a canary event. Default: four per hour. Synthetic events only."),
  },
} satisfies OptionGroup;

const GROUPS = [eventOptions, faultOptions, tlsOptions] as const;
type ReplayValues = GroupValues<typeof GROUPS>;

/** Serves events as EventStreams does. */
export const replayMain: Main = program({
  usage: "deno task replay",
  summary:
    "Stands in for Wikimedia EventStreams, for work without a network and for load tests. Serves " +
    "synthetic or recorded events with the same framing, positions and errors. The synthetic " +
    "streams are recentchange, page-create and mediawiki.page_change.v1.",
  examples: [
    ["deno task replay", "Synthetic edits, 40 events per second"],
    ["deno task replay --rate 0 --events 100000", "100,000 events, as fast as they are read"],
    ["deno task replay --file recording.sse", "Serves a recording"],
    ["deno task replay --cut-every 500 --status-every 500,429", "Injects faults"],
  ],
  groups: GROUPS,
  run: async (options, stop) => {
    checkCombination(options);
    const now = Date.now();
    const log = await openLog(options, now);
    const server = startServer(log, options, await readTls(options));
    writeOutput(
      `Serving ${describe(options)} at ${server.url}\n` +
        `Point the producer at it: deno task start --stream-url ${server.url}` +
        `${sinceOf(log, options, now)}\nPress Ctrl-C to stop\n`,
    );
    await untilAborted(stop);
    await server.stop();
    writeOutput(`${summary(server)}\n`);
  },
});

/** @throws {UsageError} if options contradict each other. */
function checkCombination({ file, canaryEvery, ...options }: ReplayValues): void {
  checkPair(options);
  if (file !== undefined && canaryEvery !== undefined) {
    throw new UsageError("Cannot combine --canary-every and --file", {
      hint: "Omit --canary-every: a recording has its own canary events",
    });
  }
}

/** Events per second in synthetic timestamps, if --rate is 0. */
const SUGGESTED_RATE = 40;
/** Age of the oldest synthetic event, in ms: 31 days, the longest retention upstream. */
const RETENTION = 31 * 86_400_000;
const LARGEST_FILE = 256 * 1024 * 1024;

async function openLog(options: ReplayValues, now: number): Promise<EventLog> {
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

/** Returns the time of the oldest event: one retention ago, or such that the last event is now. */
function startOf({ events, rate: pace }: ReplayValues, rate: number, now: number): number {
  if (events === undefined) return now - RETENTION;
  return pace === 0 ? now - Math.ceil(events * 1000 / rate) : now;
}

/**
 * Returns the flag with which a producer reads a log that lies in the past. It is empty for a log
 * that begins with its first client. Without the flag, a producer begins after the last event.
 */
function sinceOf(log: EventLog, { file, rate, events }: ReplayValues, now: number): string {
  const isPast = file !== undefined || (rate === 0 && events !== undefined);
  if (!isPast) return "";
  const topics = log.topics.filter(({ first, end }) => first < end);
  const start = Math.min(...topics.map(({ first, timestamp }) => timestamp(first)));
  return start < now ? ` --since ${new Date(start).toISOString()}` : "";
}

/** @throws {UserError} if a file cannot be read. */
async function readTls({ tlsCert, tlsKey }: ReplayValues): Promise<EventServerOptions["tls"]> {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  const [cert, key] = await Promise.all([tlsCert, tlsKey].map(async (file) => {
    try {
      return await Deno.readTextFile(file);
    } catch (cause) {
      throw new UserError(`Cannot read '${file}'`, {
        hint: "Check --tls-cert and --tls-key",
        cause,
      });
    }
  }));
  return { cert: cert!, key: key! };
}

async function readFile(file: string): Promise<string> {
  try {
    const { size, isFile } = await Deno.stat(file);
    if (!isFile) throw new UserError(`Cannot read recording '${file}': it is not a file`);
    if (size > LARGEST_FILE) {
      throw new UserError(`Cannot read recording '${file}': it is larger than 256 MiB`, {
        hint: "Use a part of it: head -c 200M FILE > PART",
      });
    }
    return await Deno.readTextFile(file);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(`Cannot read recording '${file}'`, { cause });
  }
}

function startServer(
  log: EventLog,
  options: ReplayValues,
  tls: EventServerOptions["tls"],
): EventServer {
  const { port, file, events, rate, seed } = options;
  const ends = file !== undefined || events !== undefined;
  try {
    return serveEvents({
      log,
      pace: rate === 0 ? "at-once" : ends ? "first-client" : "wall-clock",
      port,
      seed,
      tls,
      faults: {
        cutEvery: options.cutEvery,
        stallEvery: options.stallEvery,
        errorEvery: options.errorEvery,
        statuses: options.statusEvery,
      },
    });
  } catch (cause) {
    if (tls !== undefined && cause instanceof Deno.errors.InvalidData) {
      throw new UserError("Cannot serve TLS: the key does not match the certificate", {
        hint: "Check --tls-cert and --tls-key",
        cause,
      });
    }
    const reason = cause instanceof Deno.errors.AddrInUse
      ? "the port is in use"
      : cause instanceof Deno.errors.PermissionDenied
      ? "permission denied"
      : undefined;
    if (reason === undefined) throw cause;
    throw new UserError(`Cannot listen on port ${port}: ${reason}`, {
      hint: "Choose another port with --port, or 0 for any free port",
    });
  }
}

function describe({ file, seed, rate, events }: ReplayValues): string {
  const what = file === undefined ? `synthetic events (seed ${seed})` : `the recording '${file}'`;
  const many = events === undefined ? "" : `, ${events} in all`;
  return `${what}${many}, ${rate === 0 ? "as fast as the client reads" : `${rate} per second`},`;
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
  return `${facts.join(", ")}, rejected: ${refused.join(", ") || "none"}`;
}
