import { z } from "zod";
import { SinkUnavailable } from "../../sink.ts";
import type { Document } from "./documents.ts";
import { type Answer, Busy, type Http, reasonIn } from "./http.ts";

/**
 * The sizes of requests in bytes: at first, and at least after failures that a smaller one may
 * avoid.
 */
const MAX_REQUEST_BYTES = 4 * 1024 * 1024;
const MIN_REQUEST_BYTES = 16 * 1024;

/** The time limit of a request, in ms. */
const LIMIT = 60_000;
/** How long the cluster waits for a missing shard: less than that. */
const SHARD_TIMEOUT = "10s";

/**
 * The size in bytes above which a document that is alone in its request is at fault: every server
 * that accepts edits has a higher limit.
 */
const CERTAINLY_LARGE = 64 * 1024;

/** The parts of the response that are read: 30 bytes per accepted document. */
const FILTER = ["status", "error.type", "error.reason", "error.caused_by.reason"]
  .map((field) => `items.*.${field}`).join(",");

const itemSchema = z.object({
  status: z.int(),
  error: z.object({
    type: z.string().optional(),
    reason: z.string().optional(),
    caused_by: z.object({ reason: z.string().optional() }).optional(),
  }).optional(),
});
type Item = z.infer<typeof itemSchema>;

const answerSchema = z.object({ items: z.array(z.record(z.string(), itemSchema)) });
const foundSchema = z.object({ docs: z.array(z.object({ found: z.boolean().optional() })) });

/** A document that the index rejected. */
export interface RejectedDocument {
  /** The rejected document. */
  readonly document: Document;
  /** The reason: `mapper_parsing_exception: failed to parse field [x]`; at most 300 characters. */
  readonly reason: string;
}

/** Documents that are being indexed. After a failure the next attempt continues with the rest. */
export class BulkWork {
  /** The name of the index. */
  readonly index: string;
  /** Documents without a response. */
  pending: readonly Document[];
  /** Documents that the index rejected. */
  readonly rejected: RejectedDocument[] = [];
  /** A document that the index has accepted, if there is one. */
  accepted: Document | undefined;

  /** Creates the work before its first request. */
  constructor(index: string, documents: readonly Document[]) {
    this.index = index;
    this.pending = documents;
  }
}

/**
 * Indexes documents with `_bulk`. Requests have at most 4 MiB. The limit is halved after each one
 * that was too large (413), too much (429) or too slow, and raised again after each success.
 */
export class Bulk {
  readonly #http: Http;
  #maxBytes = MAX_REQUEST_BYTES;

  /** Starts with the largest requests. */
  constructor(http: Http) {
    this.#http = http;
  }

  /**
   * Sends the pending documents until each is accepted or rejected.
   *
   * @throws {SinkUnavailable} if the same may work later. Responses received before are kept.
   */
  async run(work: BulkWork): Promise<void> {
    while (work.pending.length > 0) {
      const part = this.#next(work.pending);
      const answer = await this.#send(work.index, part);
      if (answer.status === 413) {
        this.#shrink();
        if (part.length > 1) continue;
        const [document] = part as [Document];
        if (document.size < CERTAINLY_LARGE) {
          throw new SinkUnavailable(`HTTP 413 for a document of ${document.size} bytes`);
        }
        work.rejected.push({ document, reason: `too large: ${document.size} bytes (HTTP 413)` });
        work.pending = work.pending.slice(1);
        continue;
      }
      const left = await this.#settle(work, part, itemsIn(answer, part.length));
      work.pending = [...left.documents, ...work.pending.slice(part.length)];
      if (left.reason !== undefined) {
        this.#shrink();
        throw new SinkUnavailable(left.reason);
      }
      this.#maxBytes = Math.min(this.#maxBytes * 2, MAX_REQUEST_BYTES);
    }
  }

  /** Returns the first documents up to the limit, but at least one. */
  #next(pending: readonly Document[]): readonly Document[] {
    let bytes = 0;
    const end = pending.findIndex(({ size }) => (bytes += size) > this.#maxBytes);
    return end === -1 ? pending : pending.slice(0, Math.max(end, 1));
  }

  #shrink(): void {
    this.#maxBytes = Math.max(this.#maxBytes / 2, MIN_REQUEST_BYTES);
  }

  async #send(index: string, part: readonly Document[]): Promise<Answer> {
    const path = `${index}/_bulk?timeout=${SHARD_TIMEOUT}&filter_path=${FILTER}`;
    const body = part.map(({ lines }) => lines).join("");
    try {
      return await this.#http.request("POST", path, { body, limitMs: LIMIT });
    } catch (error) {
      if (error instanceof Busy) this.#shrink();
      throw error;
    }
  }

  /** Sorts documents by their responses; returns those to send again, and the reason. */
  async #settle(
    work: BulkWork,
    part: readonly Document[],
    items: readonly Item[],
  ): Promise<{ readonly documents: readonly Document[]; readonly reason: string | undefined }> {
    const documents: Document[] = [];
    const conflicts: Document[] = [];
    let reason: string | undefined;
    for (const [at, item] of items.entries()) {
      const document = part[at]!;
      if (item.status < 300) work.accepted = document;
      else if (item.status === 409) conflicts.push(document);
      else if (item.status === 400) {
        work.rejected.push({ document, reason: reasonOf(item) });
      } else {
        documents.push(document);
        reason ??= `HTTP ${item.status}: ${reasonOf(item)}`;
      }
    }
    const deleted = await this.#missing(work.index, conflicts);
    if (deleted.length > 0) {
      reason ??= `'${deleted[0]!.id}' was deleted a moment ago, and its version is still taken`;
    }
    return { documents: [...documents, ...deleted], reason };
  }

  /**
   * Returns the documents that do not exist. A version conflict means that a document was changed
   * by others, and is kept; or that it was deleted in the last minute (`index.gc_deletes`).
   */
  async #missing(index: string, documents: readonly Document[]): Promise<readonly Document[]> {
    if (documents.length === 0) return [];
    const answer = await this.#http.request(
      "POST",
      `${index}/_mget?_source=false&filter_path=docs.found,docs._id`,
      { body: { ids: documents.map(({ id }) => id) } },
    );
    const docs = foundSchema.safeParse(answer.body).data?.docs;
    if (docs?.length !== documents.length) throw strange(answer);
    return documents.filter((_, at) => docs[at]!.found !== true);
  }
}

function itemsIn(answer: Answer, count: number): readonly Item[] {
  const items = answerSchema.safeParse(answer.body).data?.items
    .map((item) => Object.values(item)[0]).filter((item) => item !== undefined);
  if (answer.status !== 200 || items?.length !== count) throw strange(answer);
  return items;
}

function reasonOf({ error }: Item): string {
  const { type = "rejected", reason = "", caused_by: cause } = error ?? {};
  return [type, reason, cause?.reason ?? ""].filter((text) => text !== "").join(": ").slice(0, 300);
}

function strange(answer: Answer): SinkUnavailable {
  return new SinkUnavailable(
    `HTTP ${answer.status}, and its answer has another form${reasonIn(answer, ": ")}`,
  );
}
