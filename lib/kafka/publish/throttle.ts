import { getLogger } from "@logtape/logtape";
import { formatDuration } from "../../shared/duration.ts";
import { Outage } from "../../shared/outage.ts";
import { PartSize } from "./part_size.ts";
import type { PublisherCounts } from "./publisher.ts";

/** The delay by a quota that causes a warning. */
const NOTABLE_DELAY_MS = 1000;
/** The time without a delay after which the quota is considered no longer reached. */
const CALM_MS = 60_000;

/**
 * Adapts the size of parts to the delays that brokers impose because of a quota, and warns once.
 */
export class Throttle {
  /** The size of parts. */
  readonly size = new PartSize();
  readonly #counts: Pick<PublisherCounts, "throttledUntil">;
  readonly #outage = new Outage({
    log: getLogger(["wikitap", "kafka"]),
    meanwhile: "publishing in smaller batches",
    over: "Kafka no longer throttles this producer",
  });
  /** Bytes of the part that is being sent, and whether it was delayed. */
  #bytes = 0;
  #isDelayed = false;
  /** The end of the last delay, in ms since the start: this machine's clock can step. */
  #until = -Infinity;

  /** Starts without a delay; updates `throttledUntil` of the counts. */
  constructor(counts: Pick<PublisherCounts, "throttledUntil">) {
    this.#counts = counts;
  }

  /** Notes that a part of `bytes` will be sent. */
  begin(bytes: number): void {
    this.#bytes = bytes;
    this.#isDelayed = false;
  }

  /** Notes that a broker delays the producer, in ms. */
  delayed(ms: number): void {
    this.#isDelayed = true;
    this.#counts.throttledUntil = Date.now() + ms;
    this.#until = performance.now() + ms;
    this.size.throttled(ms, this.#bytes);
    if (ms < NOTABLE_DELAY_MS) return;
    const delay = formatDuration(ms);
    this.#outage.fail(`Kafka delays this producer by ${delay}: producer_byte_rate is reached`);
  }

  /** Returns how long the last delay still lasts, in ms; negative if it is over. */
  get remainingMs(): number {
    return this.#until - performance.now();
  }

  /** Notes that the part was published. */
  end(): void {
    if (!this.#isDelayed) this.size.unthrottled(this.#bytes);
    if (performance.now() > this.#until + CALM_MS) this.#outage.end();
  }
}
