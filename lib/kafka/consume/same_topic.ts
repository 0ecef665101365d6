import { getLogger } from "@logtape/logtape";
import { UserError } from "../../shared/error.ts";
import type { Cluster } from "../client/cluster.ts";
import { TopicIds, topicIds } from "../client/topic_id.ts";

/** How often the ids of the topics are read, in ms. */
const INTERVAL_MS = 15_000;

const logger = getLogger(["wikitap", "kafka"]);

/** Fetches the ids of topics; those that Kafka does not return are left out. Never throws. */
export function fetchTopicIds(
  cluster: Pick<Cluster, "quick">,
  topics: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  return topicIds(cluster, topics).catch((error) => {
    logger.debug("Cannot read the ids of topics: {error}", { error });
    return new Map();
  });
}

/**
 * Detects that a topic is deleted and created again while it is read. The offsets of the old topic
 * become valid in the new one once that has as many records, and the records before them would be
 * skipped.
 */
export class SameTopic implements AsyncDisposable {
  readonly #ids: TopicIds;
  readonly #topics: readonly string[];
  readonly #onOther: (error: UserError) => void;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #first = new Map<string, string>();
  #check: Promise<void> | undefined;

  /**
   * Checks the topics until it is disposed of.
   *
   * @param onOther Called with an error for each topic that was created again.
   */
  constructor(
    cluster: Pick<Cluster, "quick">,
    topics: readonly string[],
    onOther: (error: UserError) => void,
  ) {
    this.#ids = new TopicIds(cluster);
    this.#topics = topics;
    this.#onOther = onOther;
    this.#timer = setInterval(() => void this.check(), INTERVAL_MS);
  }

  /** Compares the id of each topic with the first one that was seen. Never rejects. */
  check(): Promise<void> {
    return this.#check ??= this.#compare().finally(() => this.#check = undefined);
  }

  async #compare(): Promise<void> {
    try {
      for (const [topic, id] of await this.#ids.fetch(this.#topics)) {
        const first = this.#first.get(topic) ?? id;
        this.#first.set(topic, first);
        if (id !== first) this.#onOther(otherTopic(topic));
      }
    } catch (error) {
      logger.debug("Cannot read the ids of topics: {error}", { error });
    }
  }

  /** Ends the checks. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#ids.close();
  }
}

function otherTopic(topic: string): UserError {
  return new UserError(
    `Cannot continue with the topic '${topic}': it was deleted and created again while it was read`,
    { hint: "Start again; add --from-beginning to read the new topic from its beginning" },
  );
}
