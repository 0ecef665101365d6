import { getLogger } from "@logtape/logtape";
import { z } from "zod";
import { UserError } from "../../../shared/error.ts";
import { formatDatabase, type OpenSearchAddress } from "../../address.ts";
import { type BadRow, KEPT_BYTES, type Rows } from "../../rows.ts";
import {
  type Advice,
  AllRejected,
  checkSameTopic,
  type Claim,
  type ClaimRequest,
  NO_ROWS,
  outcomeOf,
  type Sink,
  type SinkBatch,
  SinkUnavailable,
  type TopicName,
  type WriteOutcome,
} from "../../sink.ts";
import { Bulk, BulkWork, type RejectedDocument } from "./bulk.ts";
import {
  badDocument,
  type Document,
  type DocumentSource,
  editDocument,
  foundDocument,
  hitSchema,
} from "./documents.ts";
import { Http } from "./http.ts";
import { type IndexNames, indexNames, prepareIndices } from "./indices.ts";
import { PositionDocuments, type StoredTopic } from "./positions.ts";

/** The maximum attempts of a claim while other members change the position. */
const MAX_CLAIMS = 100;

const hitsSchema = z.object({ hits: z.object({ hits: z.array(hitSchema) }) });

const logger = getLogger(["wikitap", "store"]);
const encoder = new TextEncoder();

/**
 * Opens indices of OpenSearch or Elasticsearch for writing, which are created if they do not exist.
 *
 * @param login `user:password`, or `ApiKey KEY` or `Bearer TOKEN`.
 * @throws {UserError} for a cluster that cannot be reached or used. The start does not wait for it.
 */
export async function openOpenSearchSink(
  address: OpenSearchAddress,
  login: string | undefined,
): Promise<Sink> {
  const http = new Http(address, login);
  try {
    return new OpenSearchSink(http, address, await prepareIndices(http, address));
  } catch (error) {
    http[Symbol.dispose]();
    throw error instanceof SinkUnavailable ? notReachable(error, address) : error;
  }
}

/** The rest of a batch that is written again after a failure. */
interface Work {
  readonly edits: BulkWork;
  bad: BulkWork | undefined;
}

class OpenSearchSink implements Sink {
  readonly concurrency = 3;
  readonly databaseId: string;
  readonly advice: Advice;
  readonly #http: Http;
  readonly #names: IndexNames;
  readonly #bulk: Bulk;
  readonly #positions: PositionDocuments;
  readonly #topics = new Map<number, Pick<DocumentSource, "topic" | "label">>();
  readonly #works = new WeakMap<Rows, Work>();
  /** An edit that the index has accepted, to find out whether it accepts any. */
  #accepted: Document | undefined;
  #hasWarned = false;

  constructor(http: Http, address: OpenSearchAddress, databaseId: string) {
    this.#http = http;
    this.databaseId = databaseId;
    this.#names = indexNames(address);
    this.#bulk = new Bulk(http);
    this.#positions = new PositionDocuments(http, address);
    const { edits, bad, state } = this.#names;
    this.advice = {
      dropTopic: (topicId) =>
        `curl -X POST '${address.url}/${edits},${bad},${state}/_delete_by_query?q=topic_id:${topicId}'`,
      skipTo: (topicId, partition, next) =>
        `curl '${address.url}/${state}/_update/position-${topicId}-${partition}' ` +
        `-H 'Content-Type: application/json' -d '{"doc":{"next_offset":"${next}"}}'`,
    };
  }

  async addTopic(wanted: TopicName): Promise<number> {
    while (true) {
      const known = await this.#positions.topics();
      const found = known.find(({ clusterId, topic }) =>
        clusterId === wanted.clusterId && topic === wanted.topic
      );
      if (found !== undefined) {
        checkSameTopic(wanted, found, this.advice);
        this.#topics.set(found.topicId, { topic: found.topic, label: labelOf(found, known) });
        return found.topicId;
      }
      const topicId = 1 + Math.max(0, ...known.map(({ topicId }) => topicId));
      await this.#positions.addTopic({ ...wanted, topicId });
    }
  }

  async claim({ topicId, partition, group, first }: ClaimRequest): Promise<Claim> {
    for (let tries = 0; tries < MAX_CLAIMS; tries++) {
      const before = await this.#positions.read(topicId, partition);
      const { next, epoch } = before ?? { next: first, epoch: 0n };
      const claimed = { next, epoch: epoch + 1n, group };
      if (await this.#positions.write(topicId, partition, claimed, before)) {
        return { topicId, partition, next, epoch: claimed.epoch };
      }
    }
    throw new SinkUnavailable(`other members changed the position ${MAX_CLAIMS} times`);
  }

  /**
   * Writes documents before the offset. If this member has lost the partition in between, its
   * holder writes the same documents: committed records, with the same ids.
   */
  async write(batch: SinkBatch): Promise<WriteOutcome> {
    const { claim, next } = batch;
    const { topicId, partition } = claim;
    const before = await this.#positions.read(topicId, partition);
    if (before?.epoch !== claim.epoch || before.next !== claim.next) {
      return outcomeOf(batch, before);
    }
    const rejected = await this.#index(batch);
    const moved = { ...before, next };
    const isMoved = await this.#positions.write(topicId, partition, moved, before);
    if (!isMoved) return outcomeOf(batch, await this.#positions.read(topicId, partition));
    return { claim: { ...claim, next }, ...rejected > 0 ? { rejected } : {} };
  }

  flush(): Promise<readonly never[]> {
    return Promise.resolve([]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#http[Symbol.dispose]();
    return Promise.resolve();
  }

  /** Indexes the rows. Returns the number of edits that the index rejected, now bad records. */
  async #index(batch: SinkBatch): Promise<number> {
    const { rows, claim } = batch;
    if (rows.edits.length === 0 && rows.bad.length === 0) return 0;
    const source = this.#sourceOf(claim);
    const isNew = ({ offset }: { readonly offset: bigint }) => offset >= claim.next;
    const work = this.#works.get(rows) ?? {
      edits: new BulkWork(
        this.#names.edits,
        rows.edits.filter(isNew).map((row) => editDocument(row, source)),
      ),
      bad: undefined,
    };
    this.#works.set(rows, work);
    await this.#bulk.run(work.edits);
    const { rejected } = work.edits;
    await this.#checkRejections(work.edits, async () => {
      const { edits } = await batch.following?.() ?? NO_ROWS;
      return edits.map((row) => editDocument(row, source));
    });
    work.bad ??= new BulkWork(
      this.#names.bad,
      [
        ...rows.bad.filter(isNew),
        ...rejected.map(rejectedRow),
      ].map((row) => badDocument(row, source)),
    );
    await this.#bulk.run(work.bad);
    const [lost] = work.bad.rejected;
    if (lost !== undefined) {
      this.#works.delete(rows);
      throw new SinkUnavailable(`the index '${this.#names.bad}' rejects documents: ${lost.reason}`);
    }
    if (rejected.length > 0) this.#report(rejected);
    return rejected.length;
  }

  /**
   * Checks that rejected documents are at fault: the index must accept others now. That is one that
   * it has, or if it has none, one of those that follow. If it rejects all, the index is at fault,
   * and the batch waits.
   */
  async #checkRejections(
    work: BulkWork,
    following: () => Promise<readonly Document[]>,
  ): Promise<void> {
    const { accepted, rejected } = work;
    this.#accepted = accepted ?? this.#accepted;
    if (rejected.length === 0 || accepted !== undefined) return;
    const { reason } = rejected[0]!;
    this.#accepted ??= await this.#findEdit();
    const others = this.#accepted === undefined ? await following() : [this.#accepted];
    const probe = new BulkWork(work.index, others);
    await this.#bulk.run(probe);
    if (probe.rejected.length < others.length) return;
    work.pending = rejected.splice(0).map(({ document }) => document);
    throw new AllRejected(`the index '${work.index}' rejects all documents: ${reason}`);
  }

  /** Returns any edit of the index; `undefined` if a search finds none. */
  async #findEdit(): Promise<Document | undefined> {
    const { body } = await this.#http.request("POST", `${this.#names.edits}/_search`, {
      body: { size: 1, version: true, query: { exists: { field: "record_offset" } } },
    });
    const [hit] = hitsSchema.safeParse(body).data?.hits.hits ?? [];
    return hit && foundDocument(hit);
  }

  #sourceOf({ topicId, partition }: Claim): DocumentSource {
    const topic = this.#topics.get(topicId);
    if (topic === undefined) throw new Error(`Topic ${topicId} was not added`);
    return { topicId, partition, ...topic };
  }

  #report(rejected: readonly RejectedDocument[]): void {
    const facts = {
      count: rejected.length,
      index: this.#names.edits,
      bad: this.#names.bad,
      offset: rejected[0]!.document.offset,
      reason: rejected[0]!.reason,
    };
    const text =
      "The index '{index}' rejects documents: {count}, now in '{bad}'; first offset {offset}: {reason}";
    if (this.#hasWarned) logger.debug(text, facts);
    else logger.warn(text, facts);
    this.#hasWarned = true;
  }
}

/** Returns the start of a topic's ids, with its number for topics of the same name. */
function labelOf({ topic, topicId }: StoredTopic, all: readonly StoredTopic[]): string {
  const isFirst = all.every((other) => other.topic !== topic || other.topicId >= topicId);
  return isFirst ? topic : `${topic}~${topicId}`;
}

/** Returns the row of a document that the index rejected: its value is the document. */
function rejectedRow({ document, reason }: RejectedDocument): BadRow {
  const value = encoder.encode(document.source);
  const { time } = JSON.parse(document.source) as { time: string };
  return {
    offset: document.offset,
    time: Date.parse(time),
    reason,
    value: value.subarray(0, KEPT_BYTES),
    size: value.length,
    isCut: value.length > KEPT_BYTES,
  };
}

/** Returns the error of the start: a person waits, so there is no retry. */
function notReachable(error: SinkUnavailable, address: OpenSearchAddress): UserError {
  return new UserError(`Cannot use ${formatDatabase(address)}: ${error.message}`, {
    hint:
      "Start OpenSearch and wait until its status is yellow or green, or check the address in " +
      "--database",
    cause: error.cause,
  });
}
