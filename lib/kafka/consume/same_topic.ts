import { getLogger } from "@logtape/logtape";
import { UserError } from "../../shared/error.ts";
import type { Cluster } from "../client/cluster.ts";
import { TopicIds } from "../client/topic_id.ts";

/** How often the topic's id is asked for, in ms. */
const INTERVAL_MS = 15_000;

const logger = getLogger(["wikitap", "kafka"]);

/** Fetches the id of a topic; `undefined` if Kafka does not tell it. Never throws. */
export async function fetchTopicId(
  cluster: Pick<Cluster, "quick">,
  topic: string,
): Promise<string | undefined> {
  const ids = new TopicIds(cluster);
  try {
    return await ids.fetch(topic);
  } catch (error) {
    logger.debug("Cannot ask for the id of the topic {topic}: {error}", { topic, error });
    return undefined;
  } finally {
    await ids.close();
  }
}

/**
 * Notices if a topic is deleted and created again while it is read: the offsets of the old one are
 * valid in the new one once that has as many records, and what comes before them would be skipped.
 */
export class SameTopic implements AsyncDisposable {
  readonly #ids: TopicIds;
  readonly #topic: string;
  readonly #onOther: (error: UserError) => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #first: string | undefined;
  #check: Promise<void> | undefined;

  /** @param onOther Called with what to tell the user, at most once per check. */
  constructor(
    cluster: Pick<Cluster, "quick">,
    topic: string,
    onOther: (error: UserError) => void,
  ) {
    this.#ids = new TopicIds(cluster);
    this.#topic = topic;
    this.#onOther = onOther;
    this.#timer = setInterval(() => void this.check(), INTERVAL_MS);
  }

  /** Compares the topic's id with the first one that was seen. Never rejects. */
  check(): Promise<void> {
    return this.#check ??= this.#compare().finally(() => this.#check = undefined);
  }

  async #compare(): Promise<void> {
    const topic = this.#topic;
    try {
      const id = await this.#ids.fetch(topic);
      this.#first ??= id;
      if (id === this.#first || id === undefined) return;
      this.#onOther(
        new UserError(`The topic '${topic}' was deleted and created again while it was read`, {
          hint: "Start again: the new topic is read from its beginning if asked so",
        }),
      );
    } catch (error) {
      logger.debug("Cannot ask for the id of the topic {topic}: {error}", { topic, error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#ids.close();
  }
}
