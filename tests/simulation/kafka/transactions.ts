import type { Answer, ProducerIdentity, Requests } from "./protocol.ts";

type State =
  | "Empty"
  | "Ongoing"
  | "PrepareCommit"
  | "PrepareAbort"
  | "CompleteCommit"
  | "CompleteAbort";

/** The coordinator's state of one `transactional.id`. */
export interface TransactionalId {
  readonly name: string;
  readonly producerId: number;
  epoch: number;
  state: State;
  timeout: number;
  startedAt: number;
  /** The added partitions, as `topic/partition`. */
  partitions: Set<string>;
  groups: Set<string>;
}

/** The effects of transaction coordinators on other parts. */
interface Effects {
  now(): number;
  /** Writes the markers, and calls `done` after the last one. */
  writeMarkers(ended: TransactionalId, commits: boolean, done: () => void): void;
  hasPartition(key: string): boolean;
}

/**
 * Transactions of Kafka 3 and 4 for clients without version 2 of the protocol, by KIP-98 and the
 * coordinator's sources.
 */
export class Transactions {
  readonly ids = new Map<string, TransactionalId>();
  readonly #effects: Effects;
  #lastProducerId = 0;

  constructor(effects: Effects) {
    this.#effects = effects;
  }

  init({ transactionalId, transactionTimeout }: Requests["initProducerId"]): Answer {
    if (transactionalId === undefined) {
      return { result: { producerId: ++this.#lastProducerId, producerEpoch: 0 } };
    }
    const known = this.ids.get(transactionalId);
    if (known === undefined) {
      const producerId = ++this.#lastProducerId;
      this.ids.set(transactionalId, {
        name: transactionalId,
        producerId,
        epoch: 0,
        state: "Empty",
        timeout: transactionTimeout,
        startedAt: 0,
        partitions: new Set(),
        groups: new Set(),
      });
      return { result: { producerId, producerEpoch: 0 } };
    }
    if (isEnding(known)) return { error: "CONCURRENT_TRANSACTIONS" };
    known.epoch++;
    if (known.state === "Ongoing") {
      // Fences the older producer, and ends its open transaction. The client asks again.
      this.#end(known, false);
      return { error: "CONCURRENT_TRANSACTIONS" };
    }
    known.state = "Empty";
    known.timeout = transactionTimeout;
    return { result: { producerId: known.producerId, producerEpoch: known.epoch } };
  }

  addPartitions(request: Requests["addPartitionsToTxn"]): Answer {
    const keys = request.topics.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => `${topic}/${partition}`)
    );
    const checked = this.#check(request);
    if (typeof checked === "string") return { error: checked };
    if (!keys.every((key) => this.#effects.hasPartition(key))) {
      return { error: "UNKNOWN_TOPIC_OR_PARTITION" };
    }
    if (isEnding(checked)) return { error: "CONCURRENT_TRANSACTIONS" };
    this.#begin(checked);
    for (const key of keys) checked.partitions.add(key);
    return { result: {} };
  }

  addOffsets(request: Requests["addOffsetsToTxn"]): Answer {
    const checked = this.#check(request);
    if (typeof checked === "string") return { error: checked };
    if (isEnding(checked)) return { error: "CONCURRENT_TRANSACTIONS" };
    this.#begin(checked);
    checked.groups.add(request.groupId);
    return { result: {} };
  }

  end(request: Requests["endTxn"]): Answer {
    const checked = this.#check(request);
    if (typeof checked === "string") return { error: checked };
    const { transactionResult: commits } = request;
    const wanted = commits ? "Commit" : "Abort";
    if (checked.state === "Ongoing") {
      this.#end(checked, commits);
      return { result: {} };
    }
    if (checked.state === `Complete${wanted}`) return { result: {} };
    if (checked.state === `Prepare${wanted}`) return { error: "CONCURRENT_TRANSACTIONS" };
    return { error: "INVALID_TXN_STATE" };
  }

  /**
   * Checks that a partition, or a group, is part of the producer's open transaction, as brokers do
   * before they accept its first batch.
   *
   * @returns An error, or `undefined`.
   */
  verify(
    identity: ProducerIdentity,
    key: string,
    of: "partitions" | "groups" = "partitions",
  ): string | undefined {
    const known = this.#check(identity);
    if (typeof known === "string") return known;
    return known.state === "Ongoing" && known[of].has(key) ? undefined : "INVALID_TXN_STATE";
  }

  /** Ends transactions that have been open for longer than their timeout. */
  endOverdue(): void {
    for (const known of this.ids.values()) {
      if (known.state !== "Ongoing") continue;
      if (this.#effects.now() < known.startedAt + known.timeout) continue;
      known.epoch++;
      this.#end(known, false);
    }
  }

  #check(
    { transactionalId, producerId, producerEpoch }: ProducerIdentity,
  ): TransactionalId | string {
    const known = this.ids.get(transactionalId ?? "");
    if (known?.producerId !== producerId) return "INVALID_PRODUCER_ID_MAPPING";
    if (known.epoch !== producerEpoch) return "INVALID_PRODUCER_EPOCH";
    return known;
  }

  #begin(known: TransactionalId): void {
    if (known.state === "Ongoing") return;
    known.state = "Ongoing";
    known.startedAt = this.#effects.now();
    known.partitions = new Set();
    known.groups = new Set();
  }

  #end(known: TransactionalId, commits: boolean): void {
    known.state = commits ? "PrepareCommit" : "PrepareAbort";
    this.#effects.writeMarkers(known, commits, () => {
      known.state = commits ? "CompleteCommit" : "CompleteAbort";
    });
  }
}

function isEnding({ state }: TransactionalId): boolean {
  return state === "PrepareCommit" || state === "PrepareAbort";
}
