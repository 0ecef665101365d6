import type { Publisher } from "../kafka/publish/publisher.ts";
import type { EventStream } from "../upstream/stream.ts";
import { Outcomes } from "./outcomes.ts";

/** Counted since the start, for status line, metrics and the closing summary. */
export interface ProduceCounts {
  /** Events handled, whatever became of them. */
  events: number;
  /** The same by type and by what became of them. */
  readonly outcomes: Outcomes;
  /** Records that wait for Kafka or are on their way there, dead letters too. */
  queued: number;
  /** Records that Kafka took, without dead letters. */
  published: number;
  /** Events and records that were refused, by reason. */
  readonly refused: Map<string, number>;
  deadLetters: number;
  /** When events were handled last, in ms. */
  handledAt: number | undefined;
  /** Where in the stream this run began, in ms. */
  beganAt: number | undefined;
  /** When the last event handled happened, in ms; canaries do not count. */
  lastEventAt: number | undefined;
  /** How old it was when it was handled, in ms. */
  lastEventAge: number | undefined;
  /** How far in the stream the saved position is, in ms. */
  savedUpTo: number | undefined;
  /** The parts that count for themselves, once they are there. */
  stream: EventStream["counts"] | undefined;
  publisher: Publisher["counts"] | undefined;
}

export function newCounts(): ProduceCounts {
  return {
    ...{ events: 0, outcomes: new Outcomes(), queued: 0, published: 0 },
    ...{ refused: new Map(), deadLetters: 0, handledAt: undefined },
    ...{ beganAt: undefined, lastEventAt: undefined, lastEventAge: undefined },
    ...{ savedUpTo: undefined, stream: undefined, publisher: undefined },
  };
}
