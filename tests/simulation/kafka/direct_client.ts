import errors from "kafkajs/src/errors.js";
import type { Cluster } from "../../../lib/kafka/client/cluster.ts";
import {
  patientTimeouts,
  producerTimeouts,
  quickTimeouts,
} from "../../../lib/kafka/client/timeouts.ts";
import type { Node } from "./node.ts";
import { DirectProducer } from "./direct_producer.ts";
import type { Link, Network } from "./network.ts";
import type { Api, Requests } from "./protocol.ts";

/** The limits of a client, as the program sets them for kafkajs. */
type Timeouts = typeof producerTimeouts;

/**
 * Creates a cluster whose clients send the requests of kafkajs's clients, but without its code.
 * They know leaders and coordinators, so they send no requests for metadata and coordinators. Those
 * are most of the requests, and most of the cost of a history.
 */
export function directCluster(network: Network): Cluster {
  const brokers = network.kafka.nodes.map(({ host, port }) => `${host}:${port}`);
  const client = (timeouts: Timeouts) =>
    new DirectKafka(network, timeouts) as unknown as Cluster["producing"];
  return {
    config: { brokers },
    quick: client(quickTimeouts(brokers.length)),
    patient: client(patientTimeouts),
    producing: client(producerTimeouts),
    diagnostics: {},
  };
}

/** The part of kafkajs's `Kafka` that the publisher uses. */
class DirectKafka {
  readonly #network: Network;
  readonly #timeouts: Timeouts;

  constructor(network: Network, timeouts: Timeouts) {
    this.#network = network;
    this.#timeouts = timeouts;
    const createCluster = Symbol("private:Kafka:createCluster");
    Object.assign(this, { [createCluster]: () => this.#createCluster() });
  }

  producer(options: ConstructorParameters<typeof DirectProducer>[1]): DirectProducer {
    return new DirectProducer(new DirectClient(this.#network, this.#timeouts), options);
  }

  admin(): DirectAdmin {
    return new DirectAdmin(new DirectClient(this.#network, this.#timeouts));
  }

  /** Returns the counterpart of `internalCluster()`, which commits offsets without transactions. */
  #createCluster(): object {
    const client = new DirectClient(this.#network, this.#timeouts);
    return {
      connect: () => client.connect(),
      disconnect: () => client.disconnect(),
      findGroupCoordinator: ({ groupId }: { groupId: string }) =>
        Promise.resolve({
          offsetCommit: (request: Requests["offsetCommit"]) =>
            client.ask(`group:${groupId}`, "offsetCommit", request),
        }),
    };
  }
}

/** The connections of one client, and its retries. */
export class DirectClient {
  readonly #network: Network;
  readonly #timeouts: Timeouts;
  readonly #links = new Map<Node, Promise<Link>>();
  #next = 0;

  constructor(network: Network, timeouts: Timeouts) {
    this.#network = network;
    this.#timeouts = timeouts;
  }

  /** Connects to one of the nodes. */
  async connect(): Promise<void> {
    await this.retrying(() => this.#link(this.#anyNode()), () => true);
  }

  async disconnect(): Promise<void> {
    const links = await Promise.allSettled(this.#links.values());
    this.#links.clear();
    await Promise.all(
      links.map((link) => link.status === "fulfilled" ? link.value.leave() : undefined),
    );
  }

  /**
   * Asks the leader of a partition, or the coordinator of a group or a transactional id. Reconnects
   * if necessary.
   */
  async ask<A extends Api>(what: string, api: A, request: Requests[A]): Promise<Answers[A]> {
    const link = await this.retrying(
      () => this.#link(this.#network.kafka.inCharge(what)),
      (error) => (error as { code?: string }).code === "ECONNREFUSED",
    );
    return await this.#send(link, api, request) as Answers[A];
  }

  /** Asks any node, and another one if it fails. */
  askAny<A extends Api>(api: A, request: Requests[A]): Promise<Answers[A]> {
    return this.retrying(
      async () => await this.#send(await this.#link(this.#anyNode()), api, request) as Answers[A],
      (error) => (error as { retriable?: boolean }).retriable !== false,
    );
  }

  /** Retries work after temporary failures, with the waits of kafkajs. */
  async retrying<T>(work: () => Promise<T>, mayPass: (error: unknown) => boolean): Promise<T> {
    const { retries, initialRetryTime, maxRetryTime } = this.#timeouts.retry;
    for (let tried = 0, wait = initialRetryTime;; tried++) {
      try {
        return await work();
      } catch (error) {
        if (tried >= retries || !mayPass(error)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
      wait = Math.min(2 * wait, maxRetryTime);
    }
  }

  #anyNode(): Node {
    const { nodes } = this.#network.kafka;
    return nodes[this.#next++ % nodes.length]!;
  }

  async #link(node: Node): Promise<Link> {
    const known = this.#links.get(node);
    if (known !== undefined) {
      const link = await known;
      if (link.isOpen) return link;
    }
    const { host, port } = node;
    const connecting = this.#network.connect(host, port, this.#timeouts.connectionTimeout);
    this.#links.set(node, connecting);
    try {
      return await connecting;
    } catch (error) {
      if (this.#links.get(node) === connecting) this.#links.delete(node);
      throw error;
    }
  }

  #send<A extends Api>(link: Link, api: A, request: Requests[A]): Promise<unknown> {
    if (link.isOpen) return this.#network.send(link, api, request, this.#timeouts.requestTimeout);
    const { host, port } = link.node;
    const broker = `${host}:${port}`;
    return Promise.reject(new errors.KafkaJSConnectionError("Not connected", { broker }));
  }
}

/** The parts of answers that clients read. */
export interface Answers extends Record<Api, unknown> {
  metadata: {
    readonly brokers: readonly { readonly nodeId: number }[];
    readonly topicMetadata: readonly {
      readonly topic: string;
      readonly partitionMetadata: readonly { readonly partitionId: number }[];
    }[];
  };
  initProducerId: { readonly producerId: number; readonly producerEpoch: number };
  produce: {
    readonly topics: readonly {
      readonly topicName: string;
      readonly partitions: readonly { readonly partition: number; readonly errorCode: number }[];
    }[];
  };
  offsetFetch: {
    readonly responses: readonly {
      readonly partitions: readonly { readonly metadata: string }[];
    }[];
  };
}

/** The part of kafkajs's `Admin` that the publisher uses. */
class DirectAdmin {
  readonly #client: DirectClient;

  constructor(client: DirectClient) {
    this.#client = client;
  }

  connect(): Promise<void> {
    return this.#client.connect();
  }

  disconnect(): Promise<void> {
    return this.#client.disconnect();
  }

  describeCluster(): Promise<unknown> {
    return this.#client.askAny("metadata", { topics: [] });
  }

  async fetchTopicMetadata({ topics }: { topics: readonly string[] }): Promise<unknown> {
    const { topicMetadata } = await this.#client.askAny("metadata", { topics });
    return {
      topics: topicMetadata.map(({ topic: name, partitionMetadata: partitions }) => ({
        name,
        partitions,
      })),
    };
  }

  async listTopics(): Promise<string[]> {
    const { topicMetadata } = await this.#client.askAny("metadata", { topics: [] });
    return topicMetadata.map(({ topic }) => topic);
  }

  describeConfigs(request: Requests["describeConfigs"]): Promise<unknown> {
    return this.#client.askAny("describeConfigs", request);
  }

  /** Fetches the offset of partition 0 of each topic, which has the position. */
  async fetchOffsets({ groupId, topics }: { groupId: string; topics: readonly string[] }) {
    const partitions = [{ partition: 0 }];
    const { responses } = await this.#client.ask(`group:${groupId}`, "offsetFetch", {
      groupId,
      topics: topics.map((topic) => ({ topic, partitions })),
    });
    return responses;
  }
}
