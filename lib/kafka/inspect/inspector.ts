import { errorChain, UserError } from "../../shared/error.ts";
import type { Pace } from "../../shared/pace.ts";
import type { Cluster } from "../client/cluster.ts";
import { protocolError } from "../client/kafkajs.ts";
import { openRawCluster, type RawCluster } from "../client/raw_cluster.ts";
import type { Attempt } from "../errors/terms.ts";
import { explain } from "../errors/explain.ts";
import { logDirsRequest, quorumRequest } from "../requests/brokers.ts";
import { topicConfigsRequest } from "../requests/configs.ts";
import type { ProtocolRequest } from "../requests/codec.ts";
import type { BrokerAddress, ClusterMetadata } from "../requests/answers.ts";
import { metadataRequest } from "../requests/metadata.ts";
import { partitionKey, type TopicPartition } from "../topic_partition.ts";
import { type FoundOffset, listOffsetsRequest } from "../requests/offsets.ts";
import { TOPIC_SETTINGS } from "./view.ts";

/** Kafka's error codes of missing permissions: topic, group, cluster. */
const DENIED = new Set([29, 30, 31]);

/** The key and the version of the metadata request. */
const METADATA = { apiKey: 3, apiVersion: 12 };

/**
 * Reads the state of a cluster, with one request per broker and question. It changes nothing.
 * A broker that does not answer leaves gaps. So does a missing permission, which is noted.
 */
export class Inspector {
  /** The facts that are left out without permission: `sizes on disk (Describe on the cluster)`. */
  readonly withheld = new Set<string>();
  readonly #raw: RawCluster;
  readonly #attempt: Attempt;

  private constructor(raw: RawCluster, attempt: Attempt) {
    this.#raw = raw;
    this.#attempt = attempt;
  }

  /**
   * Connects.
   *
   * @param pace Limits the requests. Default: no limit.
   * @throws {UserError} if no broker answers, or it is too old (before Kafka 3.1).
   */
  static async open(cluster: Cluster, pace?: Pace): Promise<Inspector> {
    const attempt = { action: "inspect the cluster", cluster };
    const raw = await openRawCluster(cluster.quick, pace).catch((error) => {
      throw explain(error, attempt);
    });
    const version = raw.maxVersion(METADATA.apiKey);
    if (version >= METADATA.apiVersion) return new Inspector(raw, attempt);
    await raw.close();
    throw new UserError(
      `Cannot inspect the cluster: it supports Metadata requests up to version ${version}, expected 12`,
      { hint: "Use Kafka 3.1 or newer" },
    );
  }

  /**
   * Throws if the user may not see a topic or a group that was requested by name.
   *
   * @param about Names the topic or the group.
   * @throws {UserError} that names the missing permission.
   */
  checkAllowed(errorCode: number, about: Pick<Attempt, "topic" | "group">): void {
    if (!DENIED.has(errorCode)) return;
    const action = about.topic === undefined
      ? `inspect the group '${about.group}'`
      : `inspect the topic '${about.topic}'`;
    throw explain(protocolError(errorCode, about.topic), {
      ...this.#attempt,
      ...about,
      action,
      groupRights: ["Describe"],
    });
  }

  /** Requests the brokers and `topics`, by default all. */
  metadata(topics?: readonly string[]): Promise<ClusterMetadata> {
    return this.#send(metadataRequest(topics));
  }

  /** Requests the id of the controller; `undefined` if the cluster does not return it. */
  async controllerId({ controllerId }: ClusterMetadata): Promise<number | undefined> {
    if (this.#raw.maxVersion(quorumRequest().apiKey) < 0) return controllerId;
    try {
      const leader = await this.#raw.send(quorumRequest());
      if (leader === undefined) this.withheld.add("the controller (Describe on the cluster)");
      return leader;
    } catch {
      return undefined;
    }
  }

  /** Requests one offset of each partition from the leaders; those that fail are left out. */
  async offsets(metadata: ClusterMetadata, spec: number): Promise<Map<string, FoundOffset>> {
    const byLeader = new Map<number, TopicPartition[]>();
    for (const { topic, partitions } of metadata.topics) {
      for (const { partition, leader } of partitions) {
        if (leader < 0) continue;
        const led = byLeader.get(leader) ?? [];
        byLeader.set(leader, led);
        led.push({ topic, partition });
      }
    }
    const led = metadata.brokers.filter(({ id }) => byLeader.has(id));
    const answers = await this.each(led, ({ id }) => listOffsetsRequest(byLeader.get(id)!, spec));
    const found = answers.flatMap(({ answer }) => answer).filter(({ errorCode, topic }) => {
      if (DENIED.has(errorCode)) this.withheld.add(`offsets of '${topic}' (Describe on the topic)`);
      return errorCode === 0;
    });
    return new Map(found.map((one) => [partitionKey(one), one]));
  }

  /** Requests the sizes of partitions on disk: bytes by broker id and partition. */
  async sizes(metadata: ClusterMetadata): Promise<Map<number, ReadonlyMap<string, number>>> {
    const answers = await this.each(metadata.brokers, logDirsRequest);
    const sizes = new Map<number, ReadonlyMap<string, number>>();
    for (const { broker, answer } of answers) {
      if (DENIED.has(answer.errorCode)) {
        this.withheld.add("sizes on disk (Describe on the cluster)");
      } else {
        const bytes = answer.sizes.map((one) => [partitionKey(one), one.bytes] as const);
        sizes.set(broker.id, new Map(bytes));
      }
    }
    return sizes;
  }

  /** Requests the settings that are shown, by topic; topics without an answer are left out. */
  async configs(
    topics: readonly string[],
  ): Promise<Map<string, ReadonlyMap<string, string | null>>> {
    const answers = await this.#send(topicConfigsRequest(topics, TOPIC_SETTINGS));
    const returned = answers.filter(({ errorCode, topic }) => {
      if (DENIED.has(errorCode)) this.withheld.add(`settings of '${topic}' (DescribeConfigs)`);
      return errorCode === 0;
    });
    return new Map(returned.map(({ topic, configs }) => [topic, configs]));
  }

  /** Returns the latest version of a request that the brokers support. */
  maxVersion(apiKey: number): number {
    return this.#raw.maxVersion(apiKey);
  }

  /**
   * Sends a request to each of `brokers` at the same time; those that do not answer are left out.
   *
   * @throws {UserError} for a broker that this program has no permission to connect to.
   */
  async each<T>(
    brokers: readonly BrokerAddress[],
    request: (broker: BrokerAddress) => ProtocolRequest<T>,
  ): Promise<{ readonly broker: BrokerAddress; readonly answer: T }[]> {
    const answers = await Promise.allSettled(
      brokers.map((broker) => this.#raw.sendTo(broker, request(broker))),
    );
    for (const answer of answers) {
      if (answer.status === "rejected" && isNotPermitted(answer.reason)) {
        throw explain(answer.reason, this.#attempt);
      }
    }
    return answers.flatMap((answer, i) =>
      answer.status === "fulfilled" ? [{ broker: brokers[i]!, answer: answer.value }] : []
    );
  }

  /** @throws {UserError} if no broker answers. */
  async #send<T>(request: ProtocolRequest<T>): Promise<T> {
    try {
      return await this.#raw.send(request);
    } catch (error) {
      throw explain(error, this.#attempt);
    }
  }

  /** Closes the connections. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#raw.close();
  }
}

/** Returns whether Deno forbids the connection; an unreachable broker fails in other ways. */
function isNotPermitted(error: unknown): boolean {
  return errorChain(error).some(({ code, message }: Error & { code?: unknown }) =>
    code === "EPERM" || message.includes("Requires net access")
  );
}
