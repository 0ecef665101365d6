import type { Kafka } from "./kafkajs.ts";

/** The parts of kafkajs's `Broker` that its public clients keep to themselves. */
export interface InternalBroker {
  /** By the key of a request, the versions that the broker takes; `null` before it is connected. */
  readonly versions: Readonly<Record<number, { readonly maxVersion: number }>> | null;
  readonly connectionPool: {
    readonly host: string;
    readonly port: number;
    send(request: object): Promise<unknown>;
  };
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

/** The parts of kafkajs's `Cluster` that its public clients keep to themselves. */
export interface InternalCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  findGroupCoordinator(of: { groupId: string }): Promise<{
    offsetCommit(request: object): Promise<unknown>;
  }>;
  readonly brokerPool: {
    readonly seedBroker: InternalBroker;
    readonly rootLogger: unknown;
    readonly connectionPoolBuilder: {
      build(at: { host: string; port: number; rack: string | null }): Promise<unknown>;
    };
    createBroker(options: object): InternalBroker;
  };
}

/** Makes a cluster of kafkajs as its clients make theirs; nothing is connected yet. */
export function internalCluster(kafka: Kafka): InternalCluster {
  const key = Object.getOwnPropertySymbols(kafka)
    .find(({ description }) => description === "private:Kafka:createCluster");
  if (key === undefined) throw new Error("Cannot find how kafkajs makes a cluster");
  const create = (kafka as unknown as Record<symbol, (options: object) => InternalCluster>)[key]!;
  return create.call(kafka, { allowAutoTopicCreation: false });
}
