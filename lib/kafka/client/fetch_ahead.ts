import { RecordBatch } from "../wire/fetch/record_set.ts";

/** A fetch from a broker, as kafkajs requests it. */
export interface FetchOptions {
  /** The topics, and where to fetch in each of their partitions. */
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly fetchOffset: string }[];
  }[];
}

/** The answer to a fetch, as kafkajs decodes it. Offsets are in digits. */
export interface AnsweredFetch {
  /** The topics with their partitions. */
  readonly responses: readonly {
    readonly topicName: string;
    readonly partitions: readonly AnsweredPartition[];
  }[];
}

interface AnsweredPartition {
  readonly partition: number;
  readonly highWatermark: string;
  /** The end for readers of committed records; -1 if it is unknown. */
  readonly lastStableOffset: string;
  /** Record batches, or records in message format 0 or 1. */
  readonly messages: readonly (RecordBatch | { readonly offset: string })[];
}

/** The part of kafkajs's `Broker` that fetches. */
export interface FetchingBroker {
  /** Returns whether a connection is open and authenticated. */
  isConnected(): boolean;
}

/** kafkajs's `Broker.fetch()`. */
export type Fetch = (this: FetchingBroker, options: FetchOptions) => Promise<AnsweredFetch>;

/** A fetch that kafkajs has not requested yet, and that has not failed. */
interface Ahead {
  /** The options as JSON. */
  readonly key: string;
  readonly answer: Promise<AnsweredFetch>;
}

/**
 * Lets consumers fetch while they handle what was fetched before. kafkajs fetches again only after
 * that.
 *
 * If an answer shows that the broker has more records, they are fetched at once. If kafkajs then
 * requests exactly that, it gets the answer. Otherwise the answer is dropped, for example after a
 * seek, a pause, or a new assignment, and the request is sent. So kafkajs gets nothing that it did
 * not request. There is at most one such fetch for each broker.
 *
 * The request is also sent if the fetch had failed before. If it fails while kafkajs waits for it,
 * that fails: kafkajs would learn of a frozen broker only after a second timeout.
 */
export function fetchAhead(fetch: Fetch): Fetch {
  const aheads = new WeakMap<FetchingBroker, Ahead>();
  return async function (options) {
    const ahead = aheads.get(this);
    aheads.delete(this);
    const isWanted = ahead?.key === JSON.stringify(options);
    if (!isWanted) void ahead?.answer.then(drop, () => {});
    const answer = await (isWanted ? ahead.answer : fetch.call(this, options));
    const next = optionsAfter(options, answer);
    // A broker that is being disconnected would connect again.
    if (next !== undefined && this.isConnected()) {
      const sent = { key: JSON.stringify(next), answer: fetch.call(this, next) };
      aheads.set(this, sent);
      sent.answer.catch(() => aheads.get(this) === sent && aheads.delete(this));
    }
    return answer;
  };
}

/** Returns the fetch after an answer; `undefined` if the broker had no more records. */
function optionsAfter(
  options: FetchOptions,
  { responses }: AnsweredFetch,
): FetchOptions | undefined {
  let hasMore = false;
  const topics = options.topics.map(({ topic, partitions }) => {
    const answered = new Map(
      responses.filter(({ topicName }) => topicName === topic)
        .flatMap((response) => response.partitions.map((one) => [one.partition, one])),
    );
    return {
      topic,
      partitions: partitions.map((one) => {
        const answer = answered.get(one.partition);
        if (answer === undefined) return one;
        const next = nextOf(answer) ?? Number(one.fetchOffset);
        hasMore ||= next < endOf(answer);
        return { ...one, fetchOffset: String(next) };
      }),
    };
  });
  return hasMore ? { ...options, topics } : undefined;
}

/** Returns the offset after the records of an answer. */
function nextOf({ messages }: AnsweredPartition): number | undefined {
  const last = messages.at(-1);
  if (last === undefined) return undefined;
  return (last instanceof RecordBatch ? last.lastOffset : Number(last.offset)) + 1;
}

function endOf({ highWatermark, lastStableOffset }: AnsweredPartition): number {
  return Number(lastStableOffset) < 0 ? Number(highWatermark) : Number(lastStableOffset);
}

/** Frees the memory of an answer. */
function drop({ responses }: AnsweredFetch): void {
  for (const { messages } of responses.flatMap(({ partitions }) => partitions)) {
    const [first] = messages;
    if (first instanceof RecordBatch) first.release();
  }
}
