import type { ProduceCounts } from "../produce/counts.ts";
import type { Fact } from "./facts.ts";

/** The numbers of a producer, in the order of the status line and the closing summary. */
export const PRODUCER_FACTS: readonly Fact<ProduceCounts>[] = [
  {
    name: "published",
    read: ({ published }) => published,
    words: ["published", "published"],
    status: "always",
    metric: ["wikitap_records_published_total", "Records published, excluding dead letters."],
  },
  {
    name: "filtered",
    read: ({ outcomes }) => outcomes.total("filtered"),
    words: ["dropped by the filter", "dropped by the filter"],
  },
  {
    name: "canaries",
    read: ({ outcomes }) => outcomes.total("canary"),
    words: ["canary", "canaries"],
  },
  {
    name: "refused",
    read: ({ refused }) => totalOf(refused),
    words: ["rejected", "rejected"],
    status: "above 0",
  },
  {
    name: "dead_letters",
    read: ({ deadLetters }) => deadLetters,
    words: ["dead letter", "dead letters"],
    status: "above 0",
    metric: ["wikitap_dead_letters_total", "Dead letters published."],
  },
  {
    name: "gaps",
    read: ({ stream }) => stream?.gaps ?? 0,
    words: ["gap", "gaps"],
    status: "always",
    metric: [
      "wikitap_stream_gaps_total",
      "Gaps in upstream offsets that remain after a second read.",
    ],
  },
  {
    name: "missing",
    read: ({ stream }) => stream?.missing ?? 0,
    words: ["missing event", "missing events"],
    metric: ["wikitap_stream_missing_events_total", "Events missing in these gaps."],
  },
  {
    name: "skipped_offsets",
    read: ({ stream }) => stream?.skipped ?? 0,
    words: ["offset without an event", "offsets without an event"],
    metric: [
      "wikitap_stream_skipped_offsets_total",
      "Single upstream offsets without an event, such as transaction markers.",
    ],
  },
  {
    name: "renumberings",
    read: ({ stream }) => stream?.renumbered ?? 0,
    words: ["renumbering", "renumberings"],
    metric: [
      "wikitap_stream_renumberings_total",
      "Times that upstream renumbered a topic's offsets.",
    ],
  },
  {
    name: "reconnects",
    read: ({ stream }) => totalOf(stream?.reconnects),
    words: ["reconnect", "reconnects"],
    status: "always",
  },
  {
    name: "repeats",
    read: ({ stream }) => stream?.dropped ?? 0,
    words: ["duplicate dropped", "duplicates dropped"],
    status: "always",
    metric: ["wikitap_stream_repeats_total", "Duplicate events received and dropped."],
  },
  {
    name: "passed",
    read: ({ stream }) => stream?.passed ?? 0,
    words: ["position skipped", "positions skipped"],
    metric: [
      "wikitap_stream_passed_places_total",
      "Positions skipped after the stream failed five times at each.",
    ],
  },
  {
    name: "aborted",
    read: ({ publisher }) => publisher?.aborted ?? 0,
    words: ["transaction aborted", "transactions aborted"],
  },
  {
    name: "restarts",
    read: ({ publisher }) => publisher?.restarts ?? 0,
    metric: [
      "wikitap_kafka_restarts_total",
      "Kafka producers created again after a failure.",
    ],
  },
  {
    name: "keep_alives",
    read: ({ stream }) => stream?.keepAlives ?? 0,
    metric: [
      "wikitap_stream_keep_alives_total",
      "Empty frames, which some proxies send to keep a connection open.",
    ],
  },
  {
    name: "received_bytes",
    read: ({ stream }) => stream?.bytes ?? 0,
    metric: ["wikitap_stream_received_bytes_total", "Bytes read from the stream."],
  },
];

function totalOf(counts: ReadonlyMap<unknown, number> | undefined): number {
  return [...counts?.values() ?? []].reduce((sum, count) => sum + count, 0);
}
