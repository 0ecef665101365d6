import { UsageError } from "../../shared/error.ts";
import { option, type OptionGroup, type Values } from "../option.ts";
import { integer, listOf, port } from "../values.ts";

const everySo = (help: string) =>
  option({ placeholder: "N", help, parse: integer(1, 1_000_000_000) });

/** Options for the events that are served. */
export const eventOptions = {
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
      help: "Number of events, from the first client on. After them the stream is silent.",
      parse: integer(1, Number.MAX_SAFE_INTEGER),
      defaultText: "no end",
    }),
  },
} satisfies OptionGroup;

/** Options for TLS. */
export const tlsOptions = {
  title: "TLS",
  options: {
    tlsCert: option({
      placeholder: "FILE",
      help:
        "A certificate for 127.0.0.1, as PEM: serves HTTP/2 and HTTP/1.1 over TLS. The producer " +
        "trusts its authority by Deno's flag --cert.",
      parse: String,
    }),
    tlsKey: option({ placeholder: "FILE", help: "The certificate's key, as PEM.", parse: String }),
  },
} satisfies OptionGroup;

/** Options for faults. */
export const faultOptions = {
  title: "Faults, each after N events on average",
  options: {
    cutEvery: everySo("Cuts the connection in the middle of a frame."),
    stallEvery: everySo("Goes silent and keeps the connection open."),
    errorEvery: everySo("Sends 'event: error' and ends the response."),
    statusEvery: option({
      placeholder: "CODES",
      help:
        "HTTP statuses such as 500,429. After each served connection, the next attempts get these, one each.",
      parse: listOf(integer(400, 599)),
    }),
    garbageEvery: everySo("Sends an event that is cut off and therefore not JSON."),
    canaryEvery: everySo("Sends a canary event. Default: four per hour. Synthetic events only."),
  },
} satisfies OptionGroup;

/** The values of those options. */
export type ReplayValues =
  & Values<typeof eventOptions.options>
  & Values<typeof tlsOptions.options>
  & Values<typeof faultOptions.options>;

/**
 * Checks combinations.
 *
 * @throws {UsageError} if options contradict each other.
 */
export function checkReplay({ file, canaryEvery, tlsCert, tlsKey }: ReplayValues): void {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new UsageError("--tls-cert and --tls-key belong together");
  }
  if (file !== undefined && canaryEvery !== undefined) {
    throw new UsageError("Cannot combine --canary-every and --file", {
      hint: "Omit --canary-every: a recording has its own canary events",
    });
  }
}
