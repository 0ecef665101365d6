import { Buffer } from "node:buffer";
import { z } from "zod";
import type { BadRow, EditRow } from "../../rows.ts";

/** A document whose id is the same each time its record is written. */
export interface Document {
  /** The id of the document. */
  readonly id: string;
  /** One line of JSON. */
  readonly source: string;
  /** The two lines in a `_bulk` request. */
  readonly lines: string;
  /** Their size in bytes. */
  readonly size: number;
  /** The offset of its record. */
  readonly offset: bigint;
}

/** The source of rows, the same for a whole batch. */
export interface DocumentSource {
  /** The topic's number in this database. */
  readonly topicId: number;
  /** The name of the topic. */
  readonly topic: string;
  /** The start of ids: the topic's name, unless another cluster has a topic of the same name. */
  readonly label: string;
  /** The number of the partition. */
  readonly partition: number;
}

/** Returns the document of an edit, with the same names as in the other databases. */
export function editDocument(row: EditRow, source: DocumentSource): Document {
  return document(row.offset, source, {
    time: new Date(row.time).toISOString(),
    type: row.type ?? undefined,
    change_id: row.changeId ?? undefined,
    domain: row.domain.toWellFormed(),
    namespace: row.namespace?.toWellFormed(),
    title: row.title.toWellFormed(),
    user_name: row.userName?.toWellFormed(),
    is_bot: row.isBot ?? undefined,
    old_length: row.oldLength ?? undefined,
    new_length: row.newLength ?? undefined,
    event: row.event ?? undefined,
  });
}

/** Returns the document of a record that is not an edit. */
export function badDocument(row: BadRow, source: DocumentSource): Document {
  return document(row.offset, source, {
    time: row.time === null ? undefined : new Date(row.time).toISOString(),
    reason: row.reason.toWellFormed(),
    value: row.value === null ? undefined : row.value.toBase64(),
    value_size: row.size,
    is_cut: row.isCut,
  });
}

/**
 * Returns a document. `external_gte` accepts an equal version, so a repeat changes nothing. The
 * version is the record's offset plus 1, since version 0 cannot be deleted by query.
 */
function document(
  offset: bigint,
  source: DocumentSource,
  fields: Record<string, unknown>,
): Document {
  const { topicId, topic, label, partition } = source;
  const own = `{"topic_id":${topicId},"topic":${JSON.stringify(topic)},"partition":${partition}`;
  const text = `${own},"record_offset":${offset},${JSON.stringify(fields).slice(1)}`;
  return versioned(`${label}-${partition}-${offset}`, offset + 1n, text);
}

/** A document as a search with `version: true` finds it. */
export const hitSchema = z.object({
  _id: z.string(),
  _version: z.int().min(1),
  _source: z.record(z.string(), z.unknown()),
});

/** Returns the document that a search has found, to write it again without a change. */
export function foundDocument({ _id, _version, _source }: z.infer<typeof hitSchema>): Document {
  return versioned(_id, BigInt(_version), JSON.stringify(_source));
}

function versioned(id: string, version: bigint, source: string): Document {
  const action = `{"index":{"_id":${
    JSON.stringify(id)
  },"version":${version},"version_type":"external_gte"}}`;
  const lines = `${action}\n${source}\n`;
  return { id, source, lines, size: Buffer.byteLength(lines), offset: version - 1n };
}
