import { z } from "zod";
import { UserError } from "../../../shared/error.ts";
import { formatDatabase, type OpenSearchAddress } from "../../address.ts";
import { SinkUnavailable, type StoredPosition, type TopicName } from "../../sink.ts";
import { type Answer, type Http, reasonIn } from "./http.ts";
import { indexNames } from "./indices.ts";

/** The maximum number of topics: more than any database has, and than one search returns. */
const MAX_TOPICS = 10_000;

const topicSchema = z.object({
  topic_id: z.int(),
  cluster_id: z.string(),
  topic: z.string(),
  kafka_id: z.string().nullable(),
});
const hitsSchema = z.object({
  hits: z.object({ hits: z.array(z.object({ _source: topicSchema })) }),
});

const offset = z.union([z.string().regex(/^\d{1,19}$/), z.int().min(0)]).transform(BigInt);
const positionSchema = z.object({
  _seq_no: z.int(),
  _primary_term: z.int(),
  _source: z.object({ next_offset: offset, epoch: offset, group_id: z.string() }),
});

/** A topic of the database. */
export interface StoredTopic extends TopicName {
  /** The topic's number in this database. */
  readonly topicId: number;
}

/** The position of a partition, with the condition for changing it. */
export interface VersionedPosition extends StoredPosition {
  /** The parameters of a write that fails if the document was changed. */
  readonly condition: string;
}

/** Topics and positions: each is a document of the index of states. */
export class PositionDocuments {
  readonly #http: Http;
  readonly #address: OpenSearchAddress;
  readonly #index: string;

  /** Creates it without requests. */
  constructor(http: Http, address: OpenSearchAddress) {
    this.#http = http;
    this.#address = address;
    this.#index = indexNames(address).state;
  }

  /** Returns all topics that were added before the call. */
  async topics(): Promise<StoredTopic[]> {
    // A search finds what was written before the last refresh.
    const refreshed = await this.#http.request("POST", `${this.#index}/_refresh`);
    if (refreshed.status !== 200) throw this.#unexpected(refreshed);
    const answer = await this.#http.request("POST", `${this.#index}/_search`, {
      body: { size: MAX_TOPICS, query: { term: { kind: "topic" } } },
    });
    const found = hitsSchema.safeParse(answer.body).data?.hits.hits;
    if (answer.status !== 200 || found === undefined) throw this.#unexpected(answer);
    return found.map(({ _source: { topic_id, cluster_id, topic, kafka_id } }) => ({
      topicId: topic_id,
      clusterId: cluster_id,
      topic,
      kafkaId: kafka_id,
    }));
  }

  /** Adds a topic; returns `false` if its number is taken. */
  addTopic({ topicId, clusterId, topic, kafkaId }: StoredTopic): Promise<boolean> {
    return this.#write(`_create/topic-${topicId}`, {
      kind: "topic",
      topic_id: topicId,
      cluster_id: clusterId,
      topic,
      kafka_id: kafkaId,
    });
  }

  /** Returns the position of a partition; `undefined` if it was never claimed. */
  async read(topicId: number, partition: number): Promise<VersionedPosition | undefined> {
    const answer = await this.#http.request(
      "GET",
      `${this.#index}/_doc/${key(topicId, partition)}`,
    );
    const { found } = (answer.body ?? {}) as { found?: unknown };
    if (answer.status === 404 && found === false) return undefined;
    const data = positionSchema.safeParse(answer.body).data;
    if (answer.status !== 200 || data === undefined) throw this.#unexpected(answer);
    const { _seq_no, _primary_term, _source: { next_offset, epoch, group_id } } = data;
    const condition = `if_seq_no=${_seq_no}&if_primary_term=${_primary_term}`;
    return { next: next_offset, epoch, group: group_id, condition };
  }

  /**
   * Writes the position of a partition, if its document is unchanged.
   *
   * @param before The document that was read; `undefined` if there was none.
   * @returns Whether it was written.
   */
  write(
    topicId: number,
    partition: number,
    { next, epoch, group }: StoredPosition,
    before: VersionedPosition | undefined,
  ): Promise<boolean> {
    const id = key(topicId, partition);
    const path = before === undefined ? `_create/${id}` : `_doc/${id}?${before.condition}`;
    return this.#write(path, {
      kind: "position",
      topic_id: topicId,
      partition,
      // As text, since JSON's numbers are exact only up to 2^53.
      next_offset: String(next),
      epoch: String(epoch),
      group_id: group,
    });
  }

  async #write(path: string, body: object): Promise<boolean> {
    const answer = await this.#http.request("PUT", `${this.#index}/${path}`, { body });
    if (answer.status === 409) return false;
    if (answer.status !== 200 && answer.status !== 201) throw this.#unexpected(answer);
    return true;
  }

  /** Returns the permanent error of an index that is missing or has another mapping. */
  #unexpected(answer: Answer): Error {
    const what = `HTTP ${answer.status} for the index '${this.#index}'${reasonIn(answer, ": ")}`;
    if (answer.status === 200) {
      return new SinkUnavailable(`${what}, and its answer has another form`);
    }
    return new UserError(`Cannot use ${formatDatabase(this.#address)}: ${what}`, {
      hint: "If the index was deleted, start again: wikitap creates it and stores everything again",
    });
  }
}

function key(topicId: number, partition: number): string {
  return `position-${topicId}-${partition}`;
}
