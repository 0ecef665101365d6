import { metadataRequest } from "../requests/metadata.ts";
import type { Cluster } from "./cluster.ts";
import { openRawCluster, type RawCluster } from "./raw_cluster.ts";

/** The id that a broker sends if it has no topic ids. */
const NO_ID = "A".repeat(22);

/**
 * Fetches the ids of topics. An id distinguishes a topic from a later one of the same name. It
 * connects at the first request, and again after a failure.
 */
export class TopicIds {
  readonly #cluster: Pick<Cluster, "quick">;
  #raw: Promise<RawCluster> | undefined;

  constructor(cluster: Pick<Cluster, "quick">) {
    this.#cluster = cluster;
  }

  /**
   * Fetches the ids of topics.
   *
   * @returns The ids by topic, 22 characters each. Topics that do not exist have none, nor does any
   * topic before Kafka 3.1.
   * @throws errors of the connection.
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

/** Fetches the ids of topics on a new connection; see {@linkcode TopicIds.fetch}. */
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
