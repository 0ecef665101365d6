import type { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";
import { GroupOffsets } from "./group_offsets.ts";
import { makeNodes, type Node } from "./node.ts";
import { PartitionLog } from "./partition_log.ts";
import {
  type Answer,
  type Api,
  isRefused,
  type OffsetOf,
  type Requests,
  type SimulatedMessage,
  type TopicPartitions,
} from "./protocol.ts";
import { type TransactionalId, Transactions } from "./transactions.ts";

type Handlers = { readonly [A in Api]: (request: Requests[A]) => Answer };

/** The interval at which coordinators look for overdue transactions, in ms (Kafka's default). */
const OVERDUE_EVERY = 10_000;
/** The wait before a marker is resent to a node that is down, in ms. */
const MARKER_RETRY = 100;

/** A Kafka cluster: its nodes, their leaderships, and their answers. */
export class SimulatedKafka {
  readonly nodes: readonly Node[];
  readonly topics = new Map<string, PartitionLog[]>();
  readonly groups = new Map<string, GroupOffsets>();
  readonly transactions: Transactions;
  /** Called for each transaction that is complete. */
  onComplete: (ended: TransactionalId, commits: boolean) => void = () => {};
  /** Called with messages when readers of committed records may see them. */
  onCommit: (messages: readonly SimulatedMessage[]) => void = () => {};
  readonly #world: World;
  readonly #random: Random;
  readonly #refuses: boolean;
  /** The node by what it leads or coordinates. The first one follows from the name. */
  readonly #charges = new Map<string, Node>();
  readonly #handling = new Map<Node, Handlers>();
  /** The time at which a moved coordinator has loaded its state, in ms. */
  readonly #loadedAt = new Map<string, number>();

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
    this.#refuses = world.plan.rate("refused record") > 0;
    this.nodes = makeNodes(world.plan.brokers);
    this.transactions = new Transactions({
      now: () => this.#now,
      writeMarkers: (ended, commits, done) => this.#writeMarkers(ended, commits, done),
      hasPartition: (key) => this.#partition(key) !== undefined,
    });
    const look = () => {
      this.transactions.endOverdue();
      world.scheduler.outside(OVERDUE_EVERY, look);
    };
    world.scheduler.outside(OVERDUE_EVERY, look);
  }

  createTopic(name: string, partitions: number): void {
    this.topics.set(name, []);
    for (let i = 0; i < partitions; i++) this.addPartition(name);
  }

  /**
   * Deletes a topic with its records, and its offsets in all groups. A coordinator that loads its
   * state at that moment keeps them.
   */
  deleteTopic(name: string, isLoading = false): void {
    this.topics.delete(name);
    if (isLoading) return;
    for (const group of this.groups.values()) group.deleteTopic(name);
  }

  addPartition(name: string): void {
    this.topics.get(name)?.push(new PartitionLog((messages) => this.onCommit(messages)));
  }

  /**
   * Returns the node that leads a partition (`topic/0`), or coordinates a group or a transactional
   * id.
   */
  inCharge(what: string): Node {
    const moved = this.#charges.get(what);
    if (moved !== undefined) return moved;
    let sum = 0;
    for (let i = 0; i < what.length; i++) sum = (sum * 31 + what.charCodeAt(i)) >>> 0;
    const node = this.nodes[sum % this.nodes.length]!;
    this.#charges.set(what, node);
    return node;
  }

  /** Kills a broker. Others take over after a while, and it returns. */
  takeDown(node: Node, ms: number, takeoverAfter: number): void {
    if (node.isDown) return;
    node.isDown = true;
    for (const close of [...node.onDown]) close();
    const { scheduler } = this.#world;
    scheduler.outside(takeoverAfter, () => {
      if (node.isDown) {
        for (const what of this.#all()) if (this.inCharge(what) === node) this.move(what);
      }
    });
    scheduler.outside(ms, () => node.isDown = false);
  }

  /**
   * Moves a role to another node, which has to load the state and may know less for a while.
   */
  move(what: string): void {
    const others = this.nodes.filter((node) => node !== this.inCharge(what) && !node.isDown);
    if (others.length > 0) this.#charges.set(what, this.#random.pick(others));
    if (!/^(group|transaction):/.test(what)) return;
    const loading = this.#random.chance(0.5) ? this.#random.magnitude(5, 3000) : 0;
    this.#loadedAt.set(what, this.#now + loading);
    const group = this.groups.get(what.slice("group:".length));
    if (!this.#random.chance(0.7)) return;
    group?.forget(this.#random.int(1, 3), this.#now, loading + this.#random.magnitude(5, 500));
  }

  /** Returns a node's answer to a request, whose effect is immediate. */
  handle(node: Node, api: Api, request: Requests[Api]): Answer {
    let handlers = this.#handling.get(node);
    if (handlers === undefined) this.#handling.set(node, handlers = this.#handlers(node));
    return (handlers[api] as (request: Requests[Api]) => Answer)(request);
  }

  get #now(): number {
    return this.#world.scheduler.now;
  }

  #handlers(node: Node): Handlers {
    const { transactions } = this;
    const coordinating = (what: string, answer: () => Answer): Answer => {
      if (this.inCharge(what) !== node) return { error: "NOT_COORDINATOR_FOR_GROUP" };
      const isLoading = this.#now < (this.#loadedAt.get(what) ?? 0);
      return isLoading ? { error: "GROUP_LOAD_IN_PROGRESS" } : answer();
    };
    const ofTransaction = (name: string | undefined, answer: () => Answer) =>
      coordinating(`transaction:${name}`, answer);
    return {
      metadata: ({ topics }) => this.#metadata(topics),
      findGroupCoordinator: ({ groupId, coordinatorType = 0 }) => {
        const { nodeId, host, port } = this.inCharge(
          `${coordinatorType === 1 ? "transaction" : "group"}:${groupId}`,
        );
        return { result: { coordinator: { nodeId, host, port } } };
      },
      initProducerId: (request) =>
        request.transactionalId === undefined
          ? transactions.init(request)
          : ofTransaction(request.transactionalId, () => transactions.init(request)),
      addPartitionsToTxn: (request) =>
        ofTransaction(request.transactionalId, () => transactions.addPartitions(request)),
      addOffsetsToTxn: (request) =>
        ofTransaction(request.transactionalId, () => transactions.addOffsets(request)),
      endTxn: (request) => ofTransaction(request.transactionalId, () => transactions.end(request)),
      txnOffsetCommit: (request) =>
        coordinating(`group:${request.groupId}`, () => {
          const unverified = this.#world.plan.verifies
            ? transactions.verify(request, request.groupId, "groups")
            : undefined;
          if (unverified !== undefined) return { error: unverified };
          if (!this.#hasTopics(request)) return { error: "UNKNOWN_TOPIC_OR_PARTITION" };
          const group = this.#group(request.groupId);
          const error = group.prepare(request, request.topics);
          return error === undefined
            ? { result: {}, wait: group.waitOfWrite(this.#now) }
            : { error };
        }),
      offsetCommit: ({ groupId, topics }) =>
        coordinating(`group:${groupId}`, () => {
          if (!this.#hasTopics({ topics })) return { error: "UNKNOWN_TOPIC_OR_PARTITION" };
          const group = this.#group(groupId);
          group.commit(topics);
          return { result: {}, wait: group.waitOfWrite(this.#now) };
        }),
      offsetFetch: ({ groupId, topics }) =>
        coordinating(`group:${groupId}`, () => {
          const group = this.#group(groupId);
          const responses = topics.map(({ topic, partitions }) => ({
            topic,
            partitions: partitions.map(({ partition }) => {
              const saved = group.shown(`${topic}/${partition}`, this.#now);
              return { partition, errorCode: 0, ...saved ?? { offset: "-1", metadata: "" } };
            }),
          }));
          return { result: { responses } };
        }),
      produce: (request) => this.#produce(node, request),
      listOffsets: ({ topics }) => ({
        result: {
          responses: topics.map(({ topic, partitions }) => ({
            topic,
            partitions: partitions.map(({ partition, timestamp }) => {
              const end = this.topics.get(topic)?.[partition]?.end ?? 0;
              return { partition, errorCode: 0, offset: String(timestamp === -2 ? 0 : end) };
            }),
          })),
        },
      }),
      describeConfigs: ({ resources }) => ({
        result: {
          resources: resources.map(({ name }) => ({
            resourceName: name,
            configEntries: [{ configName: "max.message.bytes", configValue: "1048588" }],
          })),
        },
      }),
    };
  }

  #produce(node: Node, request: Requests["produce"]): Answer {
    const answered = [];
    for (const { topic, partitions } of request.topicData) {
      const offsets = [];
      for (const { partition, firstSequence, messages } of partitions) {
        const key = `${topic}/${partition}`;
        const log = this.#partition(key);
        if (log === undefined) return { error: "UNKNOWN_TOPIC_OR_PARTITION" };
        if (this.inCharge(key) !== node) return { error: "NOT_LEADER_FOR_PARTITION" };
        const { transactionalId, producerId, producerEpoch } = request;
        const isTransactional = transactionalId !== undefined;
        const isNew = isTransactional && !log.hasOpen(producerId);
        const unverified = isNew && this.#world.plan.verifies
          ? this.transactions.verify(request, key)
          : undefined;
        if (unverified !== undefined) return { error: unverified };
        if (this.#refuses && messages.some(({ value }) => isRefused(value))) {
          return { error: "INVALID_RECORD" };
        }
        const at = log.append(producerId, producerEpoch, firstSequence, messages, isTransactional);
        if (typeof at === "string") return { error: at };
        offsets.push({ partition, errorCode: 0, baseOffset: String(at) });
      }
      answered.push({ topicName: topic, partitions: offsets });
    }
    return { result: { topics: answered } };
  }

  #metadata(topics: readonly string[]): Answer {
    const wanted = topics.length === 0 ? [...this.topics.keys()] : topics;
    if (!wanted.every((topic) => this.topics.has(topic))) {
      return { error: "UNKNOWN_TOPIC_OR_PARTITION" };
    }
    const up = this.nodes.filter(({ isDown }) => !isDown);
    const result = {
      clusterId: "simulated",
      controllerId: up[0]?.nodeId ?? -1,
      brokers: this.nodes.map(({ nodeId, host, port }) => ({ nodeId, host, port, rack: null })),
      topicMetadata: wanted.map((topic) => ({
        topicErrorCode: 0,
        topic,
        partitionMetadata: this.topics.get(topic)!.map((_, partitionId) => ({
          partitionErrorCode: 0,
          partitionId,
          leader: this.inCharge(`${topic}/${partitionId}`).nodeId,
          replicas: this.nodes.map(({ nodeId }) => nodeId),
          isr: up.map(({ nodeId }) => nodeId),
        })),
      })),
    };
    return { result };
  }

  /**
   * Writes markers. They reach partitions and groups at different times, and wait for nodes that
   * are down.
   */
  #writeMarkers(ended: TransactionalId, commits: boolean, done: () => void): void {
    const { producerId, epoch, partitions, groups } = ended;
    let left = partitions.size + groups.size;
    const finish = () => {
      this.onComplete(ended, commits);
      done();
    };
    if (left === 0) return finish();
    const write = (what: string, mark: () => void) => {
      const isSlow = this.#world.draws("slow markers", this.#random);
      const wait = isSlow ? this.#random.magnitude(3, 3000) : this.#random.between(0.2, 3);
      this.#world.scheduler.outside(wait, () => {
        if (this.inCharge(what).isDown) {
          return this.#world.scheduler.outside(MARKER_RETRY, () => write(what, mark));
        }
        mark();
        if (--left === 0) finish();
      });
    };
    for (const key of partitions) {
      write(key, () => this.#partition(key)?.mark(producerId, epoch, commits));
    }
    for (const group of groups) {
      write(`group:${group}`, () => this.#group(group).mark(producerId, epoch, commits));
    }
  }

  #partition(key: string): PartitionLog | undefined {
    const slash = key.lastIndexOf("/");
    return this.topics.get(key.slice(0, slash))?.[Number(key.slice(slash + 1))];
  }

  #hasTopics({ topics }: { readonly topics: readonly TopicPartitions<OffsetOf>[] }): boolean {
    return topics.every(({ topic, partitions }) =>
      partitions.every(({ partition }) => this.#partition(`${topic}/${partition}`) !== undefined)
    );
  }

  #group(id: string): GroupOffsets {
    let group = this.groups.get(id);
    if (group === undefined) this.groups.set(id, group = new GroupOffsets());
    return group;
  }

  /** Returns everything that nodes lead or coordinate. */
  *#all(): Generator<string> {
    for (const [topic, partitions] of this.topics) {
      for (const partition of partitions.keys()) yield `${topic}/${partition}`;
    }
    for (const group of this.groups.keys()) yield `group:${group}`;
    for (const name of this.transactions.ids.keys()) yield `transaction:${name}`;
  }
}
