import { internalCluster } from "../../../lib/kafka/client/internal_cluster.ts";
import type { Kafka } from "../../../lib/kafka/client/kafkajs.ts";

/** The target of a script: a real cluster or the model. */
export interface Stage {
  readonly kafka: Kafka;
  /** An empty topic of two partitions. */
  readonly topic: string;
  /** The time in ms after which a coordinator has ended a transaction of one second. */
  readonly overdueMs: number;
  /** Reads the committed values, by partition. */
  committed(): Promise<readonly string[]>;
  /** Deletes the topic, and creates it again. */
  recreate(): Promise<void>;
}

/** The results by step: `ok`, a value, or Kafka's name of an error. */
export type Observed = Record<string, string>;

// deno-lint-ignore no-explicit-any -- kafkajs's types leave its brokers out
type Any = any;

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Runs small histories of requests, as kafkajs's producers send them, and notes the answers. The
 * model must give the same answers as a real Kafka.
 */
export async function play(stage: Stage): Promise<Observed> {
  const cluster = internalCluster(stage.kafka) as Any;
  await cluster.connect();
  await cluster.addMultipleTargetTopics([stage.topic]);
  const observed: Observed = {};
  const note = async (step: string, work: () => Promise<unknown>) => {
    observed[step] = await outcomeOf(work);
  };
  const peer = (name: string) => new Peer(cluster, stage.topic, `${stage.topic}-${name}`);
  try {
    await commitAndAbort(peer("a"), note);
    await fence(peer("b"), note);
    await sequences(peer("c"), note);
    await timeOut(peer("d"), stage, note);
    await wait(500);
    const committed = async () => (await stage.committed()).join(" ");
    await note("committed records", committed);
    await recreate(peer("e"), stage, note);
    await wait(500);
    await note("committed records after all", committed);
    return observed;
  } finally {
    await cluster.disconnect();
  }
}

type Note = (step: string, work: () => Promise<unknown>) => Promise<void>;

async function commitAndAbort(peer: Peer, note: Note): Promise<void> {
  await note("end without a beginning", async () => {
    await peer.init();
    await peer.end(true);
  });
  await note("produce to a partition that was not added", () => peer.produce(0, "x"));
  await note("offsets of a group that was not added", () => settled(() => peer.commitOffset("1")));
  await note("add a partition of no topic", () => peer.add(0, "no-such-topic"));
  await note("add, produce, offset", async () => {
    await peer.add(0);
    await peer.produce(0, "a0");
    await settled(() => peer.addOffsets());
    await settled(() => peer.commitOffset("5"));
  });
  await note("offset before the end", () => peer.offset());
  await note("commit", () => peer.end(true));
  await note("commit again", () => settled(() => peer.end(true)));
  await note("abort what is committed", () => peer.end(false));
  await note("offset after the commit", () => peer.offset());
  await note("produce after the end", () => peer.produce(0, "x", 1));
  await note("abort", async () => {
    await settled(() => peer.add(0));
    await peer.produce(0, "a1", 1);
    await settled(() => peer.addOffsets());
    await peer.commitOffset("9");
    await peer.end(false);
  });
  await note("offset after the abort", () => peer.offset());
  await note(
    "of another producer id",
    () => settled(() => peer.as({ producerId: 999_999 }).add(0)),
  );
}

async function fence(older: Peer, note: Note): Promise<void> {
  await note("open transaction", async () => {
    await older.init();
    await older.add(1);
    await older.produce(1, "b0");
    await settled(() => older.addOffsets());
  });
  const newer = older.as({});
  await note("take over an open transaction", () => newer.initOnce());
  await note("take over, in the end", () => newer.init());
  await note("epochs", () => Promise.resolve(newer.epoch - older.epoch));
  await note("older produces", () => older.produce(1, "b1", 1));
  await note("older adds", () => older.add(0));
  await note("older saves", () => older.commitOffset("3"));
  await note("older commits", () => older.end(true));
  await note("newer commits", async () => {
    await settled(() => newer.add(1));
    await newer.produce(1, "b2");
    await newer.end(true);
  });
}

async function sequences(peer: Peer, note: Note): Promise<void> {
  await note("first", async () => {
    await peer.init();
    await peer.add(0);
    await peer.produce(0, "c0", 0);
  });
  await note("the same again", () => peer.produce(0, "c0", 0));
  await note("a gap", () => peer.produce(0, "c5", 5));
  await note("the next", () => peer.produce(0, "c1", 1));
  await note("end", () => peer.end(true));
}

async function timeOut(peer: Peer, { overdueMs }: Stage, note: Note): Promise<void> {
  await note("open for too long", async () => {
    await peer.init(1000);
    await peer.add(1);
    await peer.produce(1, "d0");
    await wait(overdueMs);
  });
  await note("produce after the time", () => peer.produce(1, "d1", 1));
  await note("commit after the time", () => peer.end(true));
  await note("begin again", async () => {
    await peer.init();
    await settled(() => peer.add(1));
    await peer.produce(1, "d2");
    await peer.end(true);
  });
}

async function recreate(peer: Peer, stage: Stage, note: Note): Promise<void> {
  await note("open before the deletion", async () => {
    await peer.init();
    await peer.add(0);
    await peer.produce(0, "e0");
    await settled(() => peer.addOffsets());
    await settled(() => peer.commitOffset("7"));
  });
  await stage.recreate();
  await note("produce to the new topic", () => peer.produce(0, "e1", 1));
  await note("commit across the deletion", () => peer.end(true));
  await note("offset that was deleted", () => peer.offset());
  await note("offset in the new topic", async () => {
    await settled(() => peer.addOffsets());
    await peer.commitOffset("8");
    await peer.end(true);
    await settled(() => peer.end(true));
  });
  await note("offset after it", () => peer.offset());
}

/** One transactional producer, request by request. */
class Peer {
  #producerId = -1;
  epoch = -1;

  constructor(readonly cluster: Any, readonly topic: string, readonly name: string) {}

  /** Returns a producer of the same name, with this identity or another one. */
  as({ producerId = this.#producerId }: { producerId?: number }): Peer {
    const other = new Peer(this.cluster, this.topic, this.name);
    other.#producerId = producerId;
    other.epoch = this.epoch;
    return other;
  }

  async initOnce(transactionTimeout = 30_000): Promise<void> {
    const coordinator = await this.#coordinator(1);
    const { name: transactionalId } = this;
    const { producerId, producerEpoch } = await coordinator.initProducerId({
      transactionalId,
      transactionTimeout,
    });
    this.#producerId = Number(producerId);
    this.epoch = producerEpoch;
  }

  init(transactionTimeout?: number): Promise<void> {
    return settled(() => this.initOnce(transactionTimeout));
  }

  async add(partition: number, topic = this.topic): Promise<void> {
    const topics = [{ topic, partitions: [partition] }];
    await (await this.#coordinator(1)).addPartitionsToTxn({ ...this.#identity, topics });
  }

  async produce(partition: number, value: string, firstSequence = 0): Promise<void> {
    const leaders = this.cluster.findLeaderForPartitions(this.topic, [String(partition)]);
    const broker = await this.cluster.findBroker({ nodeId: Object.keys(leaders)[0] });
    const messages = [{ key: null, value, timestamp: String(Date.now()), partition }];
    const partitions = [{ partition, firstSequence, messages }];
    await broker.produce({
      ...this.#identity,
      topicData: [{ topic: this.topic, partitions }],
      acks: -1,
      compression: 0,
    });
  }

  async addOffsets(): Promise<void> {
    const request = { ...this.#identity, groupId: this.name };
    await (await this.#coordinator(1)).addOffsetsToTxn(request);
  }

  async commitOffset(offset: string): Promise<void> {
    const topics = [{ topic: this.topic, partitions: [{ partition: 0, offset, metadata: "m" }] }];
    const request = { ...this.#identity, groupId: this.name, topics };
    await (await this.#coordinator(0)).txnOffsetCommit(request);
  }

  async end(commits: boolean): Promise<void> {
    const request = { ...this.#identity, transactionResult: commits };
    await (await this.#coordinator(1)).endTxn(request);
  }

  async offset(): Promise<string> {
    const topics = [{ topic: this.topic, partitions: [{ partition: 0 }] }];
    const { responses } = await (await this.#coordinator(0)).offsetFetch({
      groupId: this.name,
      topics,
    });
    return responses[0].partitions[0].offset;
  }

  get #identity() {
    return {
      transactionalId: this.name,
      producerId: this.#producerId,
      producerEpoch: this.epoch,
    };
  }

  #coordinator(coordinatorType: 0 | 1): Promise<Any> {
    return settled(() =>
      this.cluster.findGroupCoordinator({ groupId: this.name, coordinatorType })
    );
  }
}

/** Errors that a cluster returns briefly: after a commit, and after its first start. */
const PASSING = [
  "CONCURRENT_TRANSACTIONS",
  "GROUP_LOAD_IN_PROGRESS",
  "GROUP_COORDINATOR_NOT_AVAILABLE",
  "NOT_COORDINATOR_FOR_GROUP",
];

async function settled<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 100 || !PASSING.includes((error as Any).type)) throw error;
    }
    await wait(50);
  }
}

async function outcomeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    const value = await work();
    return value === undefined ? "ok" : String(value);
  } catch (error) {
    return (error as Any).type ?? String(error);
  }
}
