import { UserError } from "../../../shared/error.ts";
import { formatDatabase, type OpenSearchAddress } from "../../address.ts";
import { NOT_OURS } from "../../sink.ts";
import { type Answer, type Http, reasonIn } from "./http.ts";

/** The version of the mappings. */
const VERSION = 1;

/** The priority of the templates: above users' and tools' templates for all indices. */
const PRIORITY = 500;

/** The three indices of a database. */
export interface IndexNames {
  /** The edits, one document each. */
  readonly edits: string;
  /** Records that are not edits, and documents that the index of edits rejected. */
  readonly bad: string;
  /** Topics and positions; hidden from searches with wildcards. */
  readonly state: string;
}

/** Returns the names of the indices of a database. */
export function indexNames({ index }: OpenSearchAddress): IndexNames {
  return { edits: index, bad: `${index}-bad-records`, state: `${index}-state` };
}

const KEYWORD = { type: "keyword" };
const LONG = { type: "long" };
const INTEGER = { type: "integer" };
const STORED = { type: "keyword", index: false, doc_values: false };

const SOURCE = {
  topic_id: INTEGER,
  topic: KEYWORD,
  partition: INTEGER,
  record_offset: LONG,
  time: { type: "date" },
};

const PROPERTIES = {
  edits: {
    ...SOURCE,
    type: KEYWORD,
    change_id: LONG,
    domain: KEYWORD,
    namespace: KEYWORD,
    title: { type: "text", fields: { keyword: KEYWORD } },
    user_name: KEYWORD,
    is_bot: { type: "boolean" },
    old_length: LONG,
    new_length: LONG,
    event: STORED,
  },
  bad: {
    ...SOURCE,
    reason: KEYWORD,
    value: { type: "binary" },
    value_size: LONG,
    is_cut: { type: "boolean" },
  },
  state: {
    kind: KEYWORD,
    topic_id: INTEGER,
    topic: KEYWORD,
    cluster_id: KEYWORD,
    kafka_id: KEYWORD,
    partition: INTEGER,
    next_offset: LONG,
    epoch: LONG,
    group_id: KEYWORD,
  },
} as const satisfies Record<keyof IndexNames, unknown>;

/**
 * Creates the indices of a database, unless they exist. A template of each with a strict mapping
 * comes first, so that an index that was deleted gets the same mapping again.
 *
 * @returns The database's own id, which is part of the mappings.
 * @throws {UserError} for indices that are not wikitap's, that are aliases, or of a later version.
 */
export async function prepareIndices(http: Http, address: OpenSearchAddress): Promise<string> {
  const names = indexNames(address);
  const mappingOf = (kind: keyof IndexNames) => http.request("GET", `${names[kind]}/_mapping`);
  const existing = await Promise.all(KINDS.map(mappingOf));
  // Before anything is created: some indices may belong to another program.
  const known = existing.map((answer, at) =>
    answer.status === 404 ? undefined : idIn(answer, names[KINDS[at]!], address)
  );
  const id = known.find((id) => id !== undefined) ?? crypto.randomUUID();
  for (const [at, kind] of KINDS.entries()) {
    if (known[at] === undefined) await make(http, kind, { name: names[kind], id, address });
  }
  return known[0] ?? idIn(await mappingOf("state"), names.state, address);
}

/** The kinds of indices; the id in the first one is used. */
const KINDS = ["state", "edits", "bad"] as const;

/** Creates a template and its index. Others may do so at the same time. */
async function make(
  http: Http,
  kind: keyof IndexNames,
  { name, id, address }: {
    readonly name: string;
    readonly id: string;
    readonly address: OpenSearchAddress;
  },
): Promise<void> {
  const template = {
    index_patterns: [name],
    priority: PRIORITY,
    version: VERSION,
    template: {
      settings: {
        "index.auto_expand_replicas": "0-1",
        ...kind === "state" ? { "index.hidden": true } : {},
      },
      mappings: {
        _meta: { wikitap: { version: VERSION, database_id: id } },
        dynamic: "strict",
        properties: PROPERTIES[kind],
      },
    },
  };
  const steps = [
    [`_index_template/wikitap-${name}?create=true`, template],
    [name, {}],
  ] as const;
  for (const [path, body] of steps) {
    const answer = await http.request("PUT", path, { body });
    const isThere = answer.status === 400 && /already exists/.test(reasonIn(answer));
    if (answer.status !== 200 && !isThere) throw refused(path, answer, address);
  }
}

/** Returns the id of the database in a mapping, and checks that the mapping is wikitap's. */
function idIn(answer: Answer, name: string, address: OpenSearchAddress): string {
  const indices = (answer.body ?? {}) as Record<string, { mappings?: { _meta?: unknown } }>;
  const index = indices[name];
  const hint = "Choose another index with --database";
  if (answer.status !== 200) throw refused(`${name}/_mapping`, answer, address);
  if (index === undefined) {
    const what = `'${name}' is an alias, expected an index`;
    throw new UserError(`Cannot use ${formatDatabase(address)}: ${what}`, { hint });
  }
  const { wikitap } = (index.mappings?._meta ?? {}) as { wikitap?: Record<string, unknown> };
  const { version, database_id: id } = wikitap ?? {};
  if (typeof version !== "number" || typeof id !== "string") {
    const what = NOT_OURS.replace("tables", "indices");
    throw new UserError(`Cannot use ${formatDatabase(address)}: ${what}: '${name}'`, { hint });
  }
  if (version > VERSION) {
    throw new UserError(
      `Cannot use the index '${name}' of version ${version}: expected at most version ${VERSION}`,
      { hint: "Use the version of wikitap that created it, or a later one" },
    );
  }
  return id;
}

function refused(path: string, answer: Answer, address: OpenSearchAddress): UserError {
  return new UserError(
    `Cannot use ${formatDatabase(address)}: HTTP ${answer.status} for '${path}'${
      reasonIn(answer, ": ")
    }`,
    { hint: "Check that the address is that of OpenSearch 2 or Elasticsearch 8, or later" },
  );
}
