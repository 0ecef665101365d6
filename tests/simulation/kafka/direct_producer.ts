import type { Answers, DirectClient } from "./direct_client.ts";
import type { Api, OffsetOf, Requests, SimulatedMessage, TopicPartitions } from "./protocol.ts";

/** Errors of InitProducerId after which kafkajs asks again. */
const INIT_RETRIABLE = new Set([
  "NOT_COORDINATOR_FOR_GROUP",
  "GROUP_COORDINATOR_NOT_AVAILABLE",
  "GROUP_LOAD_IN_PROGRESS",
  "CONCURRENT_TRANSACTIONS",
]);

/** Records of one topic and one partition. The messages name the partition. */
interface Sending {
  readonly topic: string;
  readonly messages: readonly (SimulatedMessage & { readonly partition: number })[];
}

/**
 * The part of kafkajs's `Producer` and `Transaction` that the publisher uses. As in kafkajs,
 * failures are not undone: a transaction whose send or end failed stays open, and no other one can
 * begin.
 */
export class DirectProducer {
  readonly #client: DirectClient;
  readonly #transactionalId: string | undefined;
  readonly #transactionTimeout: number;
  #identity: { readonly producerId: number; readonly producerEpoch: number } | undefined;
  /** The sequence number of the next record, by partition. */
  readonly #sequences = new Map<string, number>();
  /** The partitions of the open transaction. */
  readonly #added = new Set<string>();
  #isOffsetAdded = false;
  #state: "ready" | "open" | "ending" = "ready";

  constructor(client: DirectClient, { transactionalId, transactionTimeout = 60_000 }: {
    readonly transactionalId?: string;
    readonly transactionTimeout?: number;
  }) {
    this.#client = client;
    this.#transactionalId = transactionalId;
    this.#transactionTimeout = transactionTimeout;
  }

  /** Connects. As in kafkajs, this does not fence. */
  async connect(): Promise<void> {
    await this.#client.connect();
    if (this.#transactionalId === undefined) await this.#init();
  }

  disconnect(): Promise<void> {
    return this.#client.disconnect();
  }

  async transaction() {
    if (this.#state !== "ready") throw new Error("There is already an ongoing transaction");
    if (this.#identity === undefined) await this.#init();
    this.#state = "open";
    this.#added.clear();
    this.#isOffsetAdded = false;
    return {
      send: (sending: Sending) => this.send(sending),
      sendOffsets: (offsets: Parameters<DirectProducer["sendOffsets"]>[0]) =>
        this.sendOffsets(offsets),
      commit: () => this.#end(true),
      abort: () => this.#end(false),
    };
  }

  /** Sends records. Retries after temporary failures, with the same sequence number. */
  send(sending: Sending): Promise<unknown> {
    return this.#client.retrying(
      () => this.#send(sending),
      (error) => (error as { retriable?: boolean }).retriable !== false,
    );
  }

  async #send({ topic, messages }: Sending): Promise<unknown> {
    const { partition } = messages[0]!;
    const key = `${topic}/${partition}`;
    if (this.#transactionalId !== undefined && !this.#added.has(key)) {
      const topics = [{ topic, partitions: [partition] }];
      await this.#ofTransaction("addPartitionsToTxn", { ...this.#identified, topics });
      this.#added.add(key);
    }
    const firstSequence = this.#sequences.get(key) ?? 0;
    this.#moveSequence(key, messages.length);
    const { topics } = await this.#client.ask(key, "produce", {
      ...this.#identified,
      topicData: [{ topic, partitions: [{ partition, firstSequence, messages }] }],
    }).catch((error) => {
      this.#moveSequence(key, -messages.length);
      throw error;
    });
    return topics.flatMap(({ topicName, partitions }) =>
      partitions.map((answer) => ({ topicName, ...answer }))
    );
  }

  #moveSequence(key: string, by: number): void {
    this.#sequences.set(key, (this.#sequences.get(key) ?? 0) + by);
  }

  async sendOffsets({ consumerGroupId: groupId, topics }: {
    readonly consumerGroupId: string;
    readonly topics: readonly TopicPartitions<OffsetOf>[];
  }): Promise<void> {
    await this.#ofTransaction("addOffsetsToTxn", { ...this.#identified, groupId });
    this.#isOffsetAdded = true;
    const request = { ...this.#identified, groupId, topics };
    await this.#client.ask(`group:${groupId}`, "txnOffsetCommit", request);
  }

  async #end(transactionResult: boolean): Promise<void> {
    this.#state = "ending";
    if (this.#isOffsetAdded || this.#added.size > 0) {
      await this.#ofTransaction("endTxn", { ...this.#identified, transactionResult });
    }
    this.#state = "ready";
  }

  async #init(): Promise<void> {
    const transactionTimeout = this.#transactionTimeout;
    const transactionalId = this.#transactionalId;
    this.#identity = transactionalId === undefined
      ? await this.#client.askAny("initProducerId", { transactionTimeout })
      : await this.#client.retrying(
        () => this.#ofTransaction("initProducerId", { transactionalId, transactionTimeout }),
        (error) => INIT_RETRIABLE.has((error as { type?: string }).type ?? ""),
      );
  }

  get #identified() {
    return { transactionalId: this.#transactionalId, ...this.#identity! };
  }

  #ofTransaction<A extends Api>(api: A, request: Requests[A]): Promise<Answers[A]> {
    return this.#client.ask(`transaction:${this.#transactionalId}`, api, request);
  }
}
