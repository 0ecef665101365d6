import { getLogger } from "@logtape/logtape";
import type { RefusedRecord } from "../kafka/publish/publisher.ts";
import type { OutgoingRecord } from "../kafka/publish/chunks.ts";
import type { ProduceCounts } from "./counts.ts";
import { DeadLetters, type Refused } from "./dead_letters.ts";

const log = getLogger(["wikitap", "produce"]);

/** One sample of refused events is logged per reason, and again after this time, in ms. */
const SAMPLE_EVERY = 60_000;
/** Reasons that are counted apart; the others together. */
const MAX_REASONS = 50;

/**
 * What becomes of what is refused, here or by Kafka: it is counted by reason, a sample is shown now
 * and then, and where there is a topic for them it becomes a dead letter.
 */
export class Refusals {
  readonly #counts: Pick<ProduceCounts, "refused" | "deadLetters">;
  readonly #letters: DeadLetters | undefined;
  /** What records were made of, for the letter that becomes of one that Kafka refuses. */
  readonly #origins = new WeakMap<OutgoingRecord, Refused>();
  /** When a refusal was shown last, by reason. */
  readonly #sampledAt = new Map<string, number>();

  constructor(
    counts: Pick<ProduceCounts, "refused" | "deadLetters">,
    deadLetterTopic: string | undefined,
  ) {
    this.#counts = counts;
    this.#letters = deadLetterTopic === undefined ? undefined : new DeadLetters(deadLetterTopic);
  }

  /** Remembers what a record was made of, until it is gone. */
  note(record: OutgoingRecord, { data, key, offset }: Refused): void {
    if (this.#letters === undefined) return;
    // A copy: a view would keep the whole chunk of the stream that it came in, and the event with it.
    this.#origins.set(record, { data: data.slice(), key, offset });
  }

  isLetter(record: OutgoingRecord): boolean {
    return this.#letters?.has(record) ?? false;
  }

  /** Counts what cannot become a record; gives its dead letter, where there are any. */
  refuse(refused: Refused, reason: string): OutgoingRecord | undefined {
    this.count(reason, refused.data);
    return this.#write(refused, reason);
  }

  /** What is published in place of a record that Kafka refuses; for a letter a shorter one. */
  replace({ record, reason }: RefusedRecord): OutgoingRecord | undefined {
    if (this.#letters?.has(record)) return this.#letters.cut(record);
    const origin = this.#origins.get(record);
    return origin === undefined ? undefined : this.#write(origin, reason);
  }

  /** Counts by reason, and shows one sample of each, once a minute at the most. */
  count(reason: string, value: string | Uint8Array): void {
    const { refused } = this.#counts;
    const name = refused.has(reason) || refused.size < MAX_REASONS ? reason : "other reasons";
    const count = (refused.get(name) ?? 0) + 1;
    refused.set(name, count);
    const now = Date.now();
    if (now - (this.#sampledAt.get(name) ?? -Infinity) < SAMPLE_EVERY) return;
    this.#sampledAt.set(name, now);
    log.warn("Refused ({reason}, {count} so far): {sample}", {
      ...{ reason: name, count, sample: sampleOf(value) },
    });
  }

  #write(refused: Refused, reason: string): OutgoingRecord | undefined {
    if (this.#letters === undefined) return undefined;
    this.#counts.deadLetters++;
    return this.#letters.write(refused, reason);
  }
}

/** The beginning of a value, for people. */
function sampleOf(value: string | Uint8Array): string {
  const text = typeof value === "string" ? value : new TextDecoder().decode(value.subarray(0, 400));
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
