/**
 * Replaces kafkajs's network by the simulated one: its `Broker`, which is one connection and the
 * requests on it, and the builder of connections. All code above those is kafkajs itself. Must be
 * imported before kafkajs.
 */
import Module from "node:module";
import "kafkajs/src/broker/index.js";
import "kafkajs/src/cluster/connectionPoolBuilder.js";
import errors from "kafkajs/src/errors.js";
import "../../../lib/kafka/client/patches.ts";
import type { Link, Network } from "./network.ts";
import type { Api, Requests } from "./protocol.ts";

/** The network of clients that connect from now on. */
let network: Network | undefined;

export function useNetwork(used: Network | undefined): void {
  network = used;
}

interface Logger {
  namespace(name: string): Logger;
  error(message: string, extra: object): void;
}

interface PoolOptions {
  readonly brokers: readonly string[];
  readonly connectionTimeout: number;
  readonly requestTimeout: number;
  readonly logger: Logger;
}

/** The address of a broker, and the timeouts of its clients. */
interface Pool extends PoolOptions {
  readonly host: string;
  readonly port: number;
  rack: string | undefined;
}

function simulatedPoolBuilder(options: PoolOptions) {
  let next = 0;
  return {
    build: ({ host, port, rack }: Partial<Pool> = {}): Promise<Pool> => {
      const [seedHost, seedPort] = options.brokers[next++ % options.brokers.length]!.split(":");
      return Promise.resolve({
        ...options,
        host: host ?? seedHost!,
        port: port ?? Number(seedPort),
        rack,
      });
    },
  };
}

class SimulatedBroker {
  readonly connectionPool: Pool;
  nodeId: number | null;
  readonly versions = {};
  readonly #network = network!;
  readonly #log: Logger;
  #link: Link | undefined;
  #connecting: Promise<void> | undefined;
  #isLeaving = false;

  constructor({ connectionPool, logger, nodeId = null }: {
    connectionPool: Pool;
    logger: Logger;
    nodeId?: number | null;
  }) {
    this.connectionPool = connectionPool;
    this.nodeId = nodeId;
    this.#log = logger.namespace("Connection");
  }

  isConnected(): boolean {
    return this.#link?.isOpen === true && !this.#isLeaving;
  }

  async connect(): Promise<void> {
    if (this.isConnected()) return;
    this.#connecting ??= this.#connect().finally(() => this.#connecting = undefined);
    await this.#connecting;
  }

  async #connect(): Promise<void> {
    const { host, port, connectionTimeout } = this.connectionPool;
    this.#link = await this.#network.connect(host, port, connectionTimeout);
    this.#isLeaving = false;
  }

  /** As kafkajs's does, waits for pending requests. */
  async disconnect(): Promise<void> {
    const link = this.#link;
    if (link?.isOpen !== true) return;
    this.#isLeaving = true;
    await link.leave();
    this.#link = undefined;
    this.#isLeaving = false;
  }

  async #request<A extends Api>(api: A, request: Requests[A]): Promise<unknown> {
    const link = this.#link;
    const { host, port, requestTimeout } = this.connectionPool;
    if (link === undefined || !this.isConnected()) {
      throw new errors.KafkaJSConnectionError("Not connected", { broker: `${host}:${port}` });
    }
    return await this.#network.send(link, api, request, requestTimeout, (error) => {
      if (api !== "findGroupCoordinator") return;
      this.#log.error("Response GroupCoordinator(key: 10, version: 2)", { error });
    });
  }

  metadata = (topics: readonly string[] = []) => this.#request("metadata", { topics });
  findGroupCoordinator = this.#asking("findGroupCoordinator");
  initProducerId = this.#asking("initProducerId");
  addPartitionsToTxn = this.#asking("addPartitionsToTxn");
  addOffsetsToTxn = this.#asking("addOffsetsToTxn");
  txnOffsetCommit = this.#asking("txnOffsetCommit");
  endTxn = this.#asking("endTxn");
  produce = this.#asking("produce");
  offsetFetch = this.#asking("offsetFetch");
  offsetCommit = this.#asking("offsetCommit");
  listOffsets = this.#asking("listOffsets");
  describeConfigs = this.#asking("describeConfigs");

  #asking<A extends Api>(api: A): (request: Requests[A]) => Promise<unknown> {
    return (request) => this.#request(api, request);
  }
}

replaceModule("/src/broker/index.js", SimulatedBroker);
replaceModule("/src/cluster/connectionPoolBuilder.js", simulatedPoolBuilder);

/** Replaces a file of kafkajs, which the program may have replaced before. */
function replaceModule(file: string, replacement: unknown): void {
  const cache = (Module as unknown as { _cache: Record<string, { exports: unknown }> })._cache;
  const name = Object.keys(cache).find((name) => name.endsWith(`kafkajs/2.2.4${file}`));
  const entry = name === undefined ? undefined : cache[name];
  if (entry === undefined) throw new Error("Cannot find the module to replace");
  entry.exports = replacement;
}
