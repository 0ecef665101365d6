import { z } from "zod";
import { Unavailable } from "../../sink.ts";
import type { Document } from "./documents.ts";
import { type Answer, Busy, type Http, reasonIn } from "./http.ts";

/** The sizes of a request in bytes: at first, and after failures that a smaller one may avoid. */
const MAX_REQUEST_BYTES = 4 * 1024 * 1024;
const MIN_REQUEST_BYTES = 16 * 1024;

/** How long a request may take, in ms. */
const LIMIT = 60_000;
/** How long the cluster waits for a shard that is away: less than that. */
const SHARD_TIMEOUT = "10s";

/**
 * A document alone in its request is its own fault if it is larger than this, in bytes: no server
 * that takes edits at all has a lower limit.
 */
const CERTAINLY_LARGE = 64 * 1024;

/** The parts of an answer that are read: 30 bytes for each document that was accepted. */
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
export interface Rejected {
  readonly document: Document;
  /** Such as `mapper_parsing_exception: failed to parse field [x]`; at most 300 characters. */
  readonly reason: string;
}

/** Documents on their way into an index. A failed attempt goes on with those that are left. */
export class BulkWork {
  readonly index: string;
  /** Documents that were not answered yet. */
  pending: readonly Document[];
  readonly rejected: Rejected[] = [];
  /** A document that the index has accepted, if there is one. */
  accepted: Document | undefined;

  constructor(index: string, documents: readonly Document[]) {
    this.index = index;
    this.pending = documents;
  }
}

/**
 * Indexes documents by `_bulk`. Requests are at most 4 MiB, and half of that after each one that was
 * too large (413), too much (429) or too slow; each success doubles that again.
 */
export class Bulk {
  readonly #http: Http;
  #maxBytes = MAX_REQUEST_BYTES;

  constructor(http: Http) {
    this.#http = http;
  }

  /**
   * Sends the pending documents, until each is accepted or rejected.
   *
   * @throws {Unavailable} if the same may work later; what was answered before is kept.
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
          throw new Unavailable(`HTTP 413 for a document of ${document.size} bytes`);
        }
        work.rejected.push({ document, reason: `too large: ${document.size} bytes (HTTP 413)` });
        work.pending = work.pending.slice(1);
        continue;
      }
      const left = await this.#settle(work, part, itemsIn(answer, part.length));
      work.pending = [...left.documents, ...work.pending.slice(part.length)];
      if (left.reason !== undefined) {
        this.#shrink();
        throw new Unavailable(left.reason);
      }
      this.#maxBytes = Math.min(this.#maxBytes * 2, MAX_REQUEST_BYTES);
    }
  }

  /** Returns documents from the beginning, one at least, up to the limit. */
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

  /** Sorts documents by their answers; returns those to send again, and why. */
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
   * Returns the documents that are not there. A version conflict means that a document was changed
   * by others, and stays; or that it was deleted in the last minute (`index.gc_deletes`).
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

function strange(answer: Answer): Unavailable {
  return new Unavailable(
    `HTTP ${answer.status}, and its answer has another form${reasonIn(answer, ": ")}`,
  );
}
