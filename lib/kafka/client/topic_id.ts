import { metadataRequest } from "../requests/metadata.ts";
import type { Cluster } from "./cluster.ts";
import { openRawCluster, type RawCluster } from "./raw_cluster.ts";

/** The id that a broker without topic ids sends. */
const NO_ID = "A".repeat(22);

/**
 * Asks for the ids of topics. They distinguish a topic from one that was deleted and created again
 * under the same name. Connects at the first request, and again after a failure.
 */
export class TopicIds {
  readonly #cluster: Pick<Cluster, "quick">;
  #raw: Promise<RawCluster> | undefined;

  /** Connects to nothing before the first request. */
  constructor(cluster: Pick<Cluster, "quick">) {
    this.#cluster = cluster;
  }

  /**
   * Asks a broker for the ids of topics.
   *
   * @returns 22 characters by topic; none before Kafka 3.1, and for topics that do not exist.
   * @throws connection errors.
   */
  async fetch(topics: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const request = metadataRequest(topics);
    try {
      const raw = await (this.#raw ??= openRawCluster(this.#cluster.quick));
      if (raw.maxVersion(request.apiKey) < request.apiVersion) return new Map();
      const { topics: found } = await raw.send(request);
      const known = found.filter(({ errorCode, topicId }) => errorCode === 0 && topicId !== NO_ID);
      return new Map(known.map(({ topic, topicId }) => [topic, topicId]));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Disconnects. Never throws. */
  async close(): Promise<void> {
    const raw = this.#raw;
    this.#raw = undefined;
    await raw?.then((raw) => raw.close(), () => {});
  }
}

/** Asks once for the ids of topics; see {@linkcode TopicIds.fetch}. */
export async function topicIds(
  cluster: Pick<Cluster, "quick">,
  topics: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new TopicIds(cluster);
  try {
    return await ids.fetch(topics);
  } finally {
    await ids.close();
  }
}
