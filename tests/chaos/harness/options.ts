/** The faults of a run in the producer, its brokers and its stream. */
export interface ChaosOptions {
  /** Kafka's data, and the output of every producer. Those of earlier runs are dropped. */
  readonly directory: string;
  readonly nodes: 1 | 3;
  /** Events upstream; about 38 of 100 are edits. */
  readonly events: number;
  /** The least time in ms over which the events appear; longer if the disturbances take longer. */
  readonly duration: number;
  readonly producerKills: number;
  readonly brokerKills: number;
  /** SIGSTOP for longer than the transaction timeout (default 0). */
  readonly producerFreezes?: number;
  readonly brokerFreezes?: number;
  /** Connections upstream that go wrong, about. */
  readonly streamFaults: number;
  /**
   * TCP connections upstream that the network forgets, without a word to either end (default 0).
   */
  readonly deadConnections?: number;
  /** 12,000 events within 4 s each; the producer restarts at the end of each (default 0). */
  readonly bursts?: number;
  /** Events that are in the log a second time, about (default 0). */
  readonly repeats?: number;
  /** Steps of the producer's clock, about (default 0). */
  readonly clockSteps?: number;
  /** The codecs of the topic at the brokers, one after the other (default: none). */
  readonly codecs?: readonly string[];
  /** The protocol of the stream (default `http2`, over TLS). */
  readonly protocol?: "http1" | "http2";
  readonly delivery: "exactly-once" | "at-least-once";
  /** Determines all random choices, as far as the machine's timing allows. */
  readonly seed: number;
  /** The producer: `main.ts`, or a mutant of it that is to be found. */
  readonly program: string;
  /**
   * Without progress for so long, in ms (default 180,000), it is over, and what is missing is lost.
   */
  readonly patience?: number;
  /** Ends the run early, and without a report unless all events were handled by then. */
  readonly stop?: AbortSignal;
}
