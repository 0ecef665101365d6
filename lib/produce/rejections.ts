import { getLogger } from "@logtape/logtape";
import type { RejectedRecord } from "../kafka/publish/publisher.ts";
import type { ProducerRecord } from "../shared/producer_record.ts";
import type { ProduceCounts } from "./counts.ts";
import { changedLetter, deadLetter, type RejectedSource } from "./dead_letters.ts";

const log = getLogger(["wikitap", "produce"]);

/** The minimum interval between two logged samples of one reason, in ms. */
const SAMPLE_EVERY = 60_000;
/** Number of reasons that are counted separately; all others are counted together. */
const MAX_REASONS = 50;

/**
 * Counts rejected events and records by reason, logs samples, and makes their dead letters if there
 * is a topic for them.
 */
export class Rejections {
  readonly #counts: Pick<ProduceCounts, "refused" | "deadLetters">;
  readonly #topic: string | undefined;
  /** The event of each record, for its dead letter if Kafka rejects the record. */
  readonly #origins = new WeakMap<ProducerRecord, RejectedSource>();
  /** The time of the last logged sample, by reason. */
  readonly #sampledAt = new Map<string, number>();

  /** Creates it. Without `deadLetterTopic`, it makes no dead letters. */
  constructor(
    counts: Pick<ProduceCounts, "refused" | "deadLetters">,
    deadLetterTopic: string | undefined,
  ) {
    this.#counts = counts;
    this.#topic = deadLetterTopic;
  }

  /** Remembers the event of a record for as long as the record lives. */
  note(record: ProducerRecord, { data, key, offset }: RejectedSource): void {
    if (this.#topic === undefined) return;
    // A copy: the next chunk of the stream comes in the same memory.
    this.#origins.set(record, { data: data.slice(), key, offset });
  }

  /** Counts an event that cannot become a record; returns its dead letter, if there are any. */
  reject(rejected: RejectedSource, reason: string): ProducerRecord | undefined {
    this.count(reason, rejected.data);
    return this.#letter(rejected, reason);
  }

  /** Returns the dead letter to publish in place of a rejected record: see `Batch.replace`. */
  replace(
    { record, reason, detail }: RejectedRecord & { readonly detail?: string | null },
  ): ProducerRecord | undefined {
    if (record.deadLetter !== undefined) return changedLetter(record, reason, detail);
    const origin = this.#origins.get(record);
    return origin === undefined ? undefined : this.#letter(origin, reason);
  }

  /** Counts by reason, and logs at most one sample of each reason per minute. */
  count(reason: string, value: Uint8Array): void {
    const { refused } = this.#counts;
    const name = refused.has(reason) || refused.size < MAX_REASONS ? reason : "other reasons";
    const count = (refused.get(name) ?? 0) + 1;
    refused.set(name, count);
    const now = performance.now();
    if (now - (this.#sampledAt.get(name) ?? -Infinity) < SAMPLE_EVERY) return;
    this.#sampledAt.set(name, now);
    log.warn("Rejected ({reason}, {count} so far): {sample}", {
      reason: name,
      count,
      sample: sampleOf(value),
    });
  }

  #letter(rejected: RejectedSource, reason: string): ProducerRecord | undefined {
    if (this.#topic === undefined) return undefined;
    this.#counts.deadLetters++;
    return deadLetter(this.#topic, rejected, reason);
  }
}

/** Returns the beginning of a value, as text. */
function sampleOf(value: Uint8Array): string {
  const text = new TextDecoder().decode(value.subarray(0, 400));
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
