import { Buffer } from "node:buffer";
import { ProtocolReader, type ProtocolRequest, ProtocolWriter } from "../requests/codec.ts";
import type { BrokerAddress } from "../requests/answers.ts";
import type { Pace } from "../../shared/pace.ts";
import { disconnect } from "./cluster.ts";
import { type InternalBroker, type InternalCluster, internalCluster } from "./internal_cluster.ts";
import type { Kafka } from "./kafkajs.ts";

/** Sends requests that kafkajs lacks, on its connections, with its TLS, SASL and limits. */
export interface RawCluster {
  /**
   * Sends a request to the broker of `--bootstrap-server` that answered first. If the connection is
   * lost, sends the request again, to the next broker that answers.
   */
  send<T>(request: ProtocolRequest<T>): Promise<T>;
  /** Sends a request to one broker. Connects to it first if necessary. */
  sendTo<T>(broker: BrokerAddress, request: ProtocolRequest<T>): Promise<T>;
  /** Returns the latest version of a request that the first broker supports; -1 if none. */
  maxVersion(apiKey: number): number;
  /** Disconnects from all brokers; never throws. */
  close(): Promise<void>;
}

/**
 * Connects to one of the brokers.
 *
 * @param pace Limits the requests. Default: no limit.
 * @throws errors of kafkajs if none of them answers.
 */
export async function openRawCluster(kafka: Kafka, pace?: Pace): Promise<RawCluster> {
  const cluster = internalCluster(kafka);
  try {
    await cluster.connect();
  } catch (error) {
    await disconnect(cluster);
    throw error;
  }
  const { brokerPool } = cluster;
  /** By address, since a broker may return with another one. */
  const brokers = new Map<string, Promise<InternalBroker>>();
  return {
    async send(request) {
      await pace?.take();
      try {
        return await send(brokerPool.seedBroker, request);
      } catch (error) {
        if (brokerPool.seedBroker.isConnected()) throw error;
        await cluster.connect();
        await pace?.take();
        return await send(brokerPool.seedBroker, request);
      }
    },
    maxVersion: (apiKey) => brokerPool.seedBroker.versions?.[apiKey]?.maxVersion ?? -1,
    async sendTo(address, request) {
      await pace?.take();
      const key = `${address.host}:${address.port}`;
      let connecting = brokers.get(key);
      if (connecting === undefined) brokers.set(key, connecting = connect(brokerPool, address));
      try {
        return await send(await connecting, request);
      } catch (error) {
        // The next request will reconnect.
        brokers.delete(key);
        await connecting.then(disconnect, () => {});
        throw error;
      }
    },
    async close() {
      const connected = await Promise.allSettled(brokers.values());
      await Promise.all([
        disconnect(cluster),
        ...connected.map((one) => one.status === "fulfilled" ? disconnect(one.value) : undefined),
      ]);
    },
  };
}

async function connect(
  pool: InternalCluster["brokerPool"],
  { id, host, port, rack }: BrokerAddress,
): Promise<InternalBroker> {
  const connectionPool = await pool.connectionPoolBuilder.build({ host, port, rack });
  const broker = pool.createBroker({ connectionPool, logger: pool.rootLogger, nodeId: id });
  try {
    await broker.connect();
  } catch (error) {
    await disconnect(broker);
    throw error;
  }
  return broker;
}

async function send<T>(broker: InternalBroker, request: ProtocolRequest<T>): Promise<T> {
  const { apiKey, apiName, apiVersion } = request;
  const encode = () => {
    const writer = new ProtocolWriter();
    writer.end(); // Tagged fields of the request's header, which kafkajs does not know.
    request.encode(writer);
    // kafkajs knows its own encoders by `buf`.
    return Promise.resolve({ buf: writer.bytes, buffer: writer.bytes });
  };
  const decode = (payload: Buffer) => {
    const reader = new ProtocolReader(payload);
    reader.end(); // Tagged fields of the answer's header.
    return Promise.resolve({ answer: request.decode(reader) });
  };
  const parse = ({ answer }: { answer: T }) => Promise.resolve(answer);
  return await broker.connectionPool.send({
    request: { apiKey, apiName, apiVersion, encode, expectResponse: () => true },
    response: { decode, parse },
  }) as T;
}
