import type { Publisher } from "../kafka/publish/publisher.ts";
import type { EventStream } from "../upstream/stream.ts";
import { Outcomes } from "./outcomes.ts";

/** Counts since the start, for the status line, the metrics and the closing summary. */
export interface ProduceCounts {
  /** Events handled, with any outcome. */
  events: number;
  /** Events handled, by type and outcome. */
  readonly outcomes: Outcomes;
  /** Records pending or in flight, including dead letters. */
  queued: number;
  /** Records that Kafka accepted, without dead letters. */
  published: number;
  /** Rejected events and records, by reason. */
  readonly refused: Map<string, number>;
  /** Dead letters made since the start. */
  deadLetters: number;
  /** When events were last handled, in ms since 1970. */
  handledAt: number | undefined;
  /** The time in the stream at which this run began, in ms since 1970. */
  beganAt: number | undefined;
  /** The timestamp of the last event handled, in ms since 1970; canaries do not count. */
  lastEventAt: number | undefined;
  /** The age of that event when it was handled, in ms. */
  lastEventAge: number | undefined;
  /** The time in the stream that the saved position has reached, in ms since 1970. */
  savedUpTo: number | undefined;
  /** The counts of the stream, once it exists. */
  stream: EventStream["counts"] | undefined;
  /** The counts of the publisher, once it exists. */
  publisher: Publisher["counts"] | undefined;
}

/** Returns counts at zero. */
export function newCounts(): ProduceCounts {
  return {
    events: 0,
    outcomes: new Outcomes(),
    queued: 0,
    published: 0,
    refused: new Map(),
    deadLetters: 0,
    handledAt: undefined,
    beganAt: undefined,
    lastEventAt: undefined,
    lastEventAge: undefined,
    savedUpTo: undefined,
    stream: undefined,
    publisher: undefined,
  };
}
