/** The faults of a run: in the producer, the brokers and the stream. */
export interface ChaosOptions {
  /** The folder for Kafka's data and the output of every producer. Earlier files are deleted. */
  readonly directory: string;
  readonly nodes: 1 | 3;
  /** The number of upstream events; about 38 % are edits. */
  readonly events: number;
  /** The minimum time over which the events appear, in ms; longer if the faults take longer. */
  readonly duration: number;
  readonly producerKills: number;
  readonly brokerKills: number;
  /** The number of SIGSTOPs for longer than the transaction timeout (default 0). */
  readonly producerFreezes?: number;
  readonly brokerFreezes?: number;
  /** The approximate number of upstream connections that fail. */
  readonly streamFaults: number;
  /**
   * The number of upstream TCP connections that the network forgets, without a signal to either end
   * (default 0).
   */
  readonly deadConnections?: number;
  /**
   * The number of bursts of 12,000 events within 4 s. The producer restarts at the end of each
   * (default 0).
   */
  readonly bursts?: number;
  /** The approximate number of events that are in the log twice (default 0). */
  readonly repeats?: number;
  /** The approximate number of steps of the producer's clock (default 0). */
  readonly clockSteps?: number;
  /** The codecs with which brokers compress the topic, in turn (default: none). */
  readonly codecs?: readonly string[];
  /** The protocol of the stream (default `http2`, over TLS). */
  readonly protocol?: "http1" | "http2";
  readonly delivery: "exactly-once" | "at-least-once";
  /** Determines all random choices, as far as the machine's timing allows. */
  readonly seed: number;
  /** The producer: `main.ts`, or a mutant that the run must find. */
  readonly program: string;
  /**
   * The time without progress after which the run ends, in ms (default 180,000). What is missing
   * then is lost.
   */
  readonly patience?: number;
  /** Ends the run early, without a report unless all events are handled. */
  readonly stop?: AbortSignal;
}
