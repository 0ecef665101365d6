import type { Kafka } from "./kafkajs.ts";

/** The parts of kafkajs's `Broker` that its public clients do not expose. */
export interface InternalBroker {
  /** The broker's latest version of each request, by API key; `null` before it is connected. */
  readonly versions: Readonly<Record<number, { readonly maxVersion: number }>> | null;
  /** The connections to the broker. */
  readonly connectionPool: {
    readonly host: string;
    readonly port: number;
    send(request: object): Promise<unknown>;
  };
  /** Returns whether a connection is open and authenticated. */
  isConnected(): boolean;
  /** Connects and authenticates. */
  connect(): Promise<void>;
  /** Closes the connections. */
  disconnect(): Promise<void>;
}

/** The parts of kafkajs's `Cluster` that its public clients do not expose. */
export interface InternalCluster {
  /** Connects to the first broker that answers. */
  connect(): Promise<void>;
  /** Closes the connections to all brokers. */
  disconnect(): Promise<void>;
  /** Asks which broker coordinates a consumer group. */
  findGroupCoordinator(of: { groupId: string }): Promise<{
    offsetCommit(request: object): Promise<unknown>;
  }>;
  /** The connected brokers, and the function that connects to others. */
  readonly brokerPool: {
    readonly seedBroker: InternalBroker;
    readonly rootLogger: unknown;
    readonly connectionPoolBuilder: {
      build(at: { host: string; port: number; rack: string | null }): Promise<unknown>;
    };
    createBroker(options: object): InternalBroker;
  };
}

/** Creates a cluster of kafkajs as its clients do, without connecting. */
export function internalCluster(kafka: Kafka): InternalCluster {
  const key = Object.getOwnPropertySymbols(kafka)
    .find(({ description }) => description === "private:Kafka:createCluster");
  if (key === undefined) throw new Error("Cannot make a cluster of kafkajs: its method is missing");
  const create = (kafka as unknown as Record<symbol, (options: object) => InternalCluster>)[key]!;
  return create.call(kafka, { allowAutoTopicCreation: false });
}
