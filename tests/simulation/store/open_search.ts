import { openOpenSearchSink } from "../../../lib/store/sinks/opensearch/opensearch_sink.ts";
import type { Sink } from "../../../lib/store/sink.ts";
import { responseOf, SimulatedBody } from "../upstream/response.ts";
import type { Random } from "../world/random.ts";
import { useFetch } from "../world/virtual_globals.ts";
import type { World } from "../world/world.ts";
import type { Store, StoredRows } from "./database.ts";
import { REFUSED_TITLE } from "./topic.ts";
import type { Wire } from "./wire.ts";

const ADDRESS = { kind: "opensearch", url: "http://search.example", index: "edits" } as const;

interface StoredDocument {
  readonly source: Readonly<Record<string, unknown>>;
  /** Counts the changes of the index. */
  readonly sequence: number;
  /** As its writer says. */
  readonly version: number;
}

interface Answer {
  readonly status: number;
  readonly body?: object;
}

/** An operation on one document of a `_bulk` request. */
interface Action {
  readonly _id: string;
  readonly version: number;
}

/**
 * The part of OpenSearch that the sink uses: each document is changed at once, several are not. The
 * sink itself is the program's own.
 */
export class SearchCluster implements Store {
  readonly positions = new Map<number, { readonly next: bigint }>();
  onWrite: (rows: StoredRows) => void = () => {};
  readonly #world: World;
  readonly #random: Random;
  readonly #indices = new Map<string, Map<string, StoredDocument>>();
  readonly #mappings = new Map<string, object>();
  readonly #refused = new Map<string, boolean>();
  #sequence = 0;

  constructor(world: World, random: Random, wire: Wire) {
    this.#world = world;
    this.#random = random;
    useFetch((input, { method, body, signal } = {}) =>
      new Promise((resolve, reject) => {
        const path = decodeURIComponent(String(input).slice(ADDRESS.url.length + 1));
        signal!.addEventListener("abort", () => reject(signal!.reason));
        wire.ask(`database: ${method} ${path}`, () => this.#answer(`${method} ${path}`, body))
          .then(({ status, body = {} }) => {
            resolve(responseOf(status, {}, SimulatedBody.of(JSON.stringify(body))));
          }, reject);
      })
    );
  }

  open(): Promise<Sink> {
    return openOpenSearchSink(ADDRESS, undefined);
  }

  /** Returns the documents of an index: of edits, or of bad records. */
  documents(index: "edits" | "edits-bad-records"): readonly StoredDocument["source"][] {
    return [...this.#indices.get(index)?.values() ?? []].map(({ source }) => source);
  }

  #answer(request: string, text: unknown): Answer {
    const lines = typeof text === "string" ? text.split("\n").filter((line) => line !== "") : [];
    const [, method, index, rest = ""] = /^(\w+) ([^/]+)(?:\/(.*))?$/.exec(request)!;
    const documents = this.#indices.get(index!);
    const body = () => JSON.parse(lines[0]!);
    if (index === "_index_template") {
      const { index_patterns: [name], template: { mappings } } = body();
      this.#mappings.set(name, mappings);
      return { status: 200 };
    }
    if (method === "PUT" && rest === "") {
      if (documents === undefined) this.#indices.set(index!, new Map());
      return documents === undefined
        ? { status: 200 }
        : { status: 400, body: { error: { reason: "already exists" } } };
    }
    if (documents === undefined) return { status: 404, body: { error: { reason: "no index" } } };
    const [, api, id] = /^(\w+)(?:\/([^?]+))?/.exec(rest)!;
    switch (api) {
      case "_mapping":
        return { status: 200, body: { [index!]: { mappings: this.#mappings.get(index!) } } };
      case "_search": {
        const hits = [...documents].filter(([_, { source }]) => source.kind !== "position")
          .map(([_id, { source, version }]) => ({ _id, _version: version, _source: source }));
        return { status: 200, body: { hits: { hits } } };
      }
      case "_mget": {
        const docs = body().ids.map((id: string) => ({ _id: id, found: documents.has(id) }));
        return { status: 200, body: { docs } };
      }
      case "_bulk":
        return { status: 200, body: { items: this.#bulk(documents, lines) } };
      case "_create":
      case "_doc":
        return method === "GET"
          ? read(documents.get(id!))
          : this.#put(documents, id!, { rest, source: body() });
      default:
        return { status: 200 };
    }
  }

  /** Changes one document, if its condition holds. */
  #put(
    documents: Map<string, StoredDocument>,
    id: string,
    { rest, source }: { readonly rest: string; readonly source: StoredDocument["source"] },
  ): Answer {
    const before = documents.get(id);
    const wanted = /if_seq_no=(\d+)/.exec(rest)?.[1];
    const isKept = rest.startsWith("_create/")
      ? before !== undefined
      : wanted !== undefined && before?.sequence !== Number(wanted);
    if (isKept) return { status: 409, body: { error: { reason: "version conflict" } } };
    documents.set(id, { source, sequence: ++this.#sequence, version: 0 });
    if (source.kind === "position") this.#moved(source, before?.source);
    return { status: before === undefined ? 201 : 200 };
  }

  /** A position was written: its documents must be there. */
  #moved(
    { partition, next_offset }: StoredDocument["source"],
    before: StoredDocument["source"] | undefined,
  ): void {
    const at = partition as number;
    const to = BigInt(next_offset as string);
    const from = before === undefined ? to : BigInt(before.next_offset as string);
    this.positions.set(at, { next: to });
    const all = [...this.documents("edits"), ...this.documents("edits-bad-records")];
    const offsets = all.filter((source) => source.partition === at)
      .map(({ record_offset }) => BigInt(record_offset as number))
      .filter((offset) => offset >= from && offset < to);
    this.onWrite({ partition: at, from, to, offsets });
  }

  /** Returns whether the index rejects a document, which is the same for every attempt. */
  #refuses(id: string): boolean {
    const known = this.#refused.get(id) ?? this.#world.draws("refused record", this.#random);
    this.#refused.set(id, known);
    return known;
  }

  /** Some documents are taken, others are not: a shard is away, or a field does not fit. */
  #bulk(documents: Map<string, StoredDocument>, lines: readonly string[]): object[] {
    const items: object[] = [];
    for (let i = 0; i < lines.length; i += 2) {
      const { index: { _id, version } } = JSON.parse(lines[i]!) as { index: Action };
      const source = JSON.parse(lines[i + 1]!);
      const known = documents.get(_id);
      const status = this.#world.draws("error before", this.#random)
        ? this.#random.pick([429, 503])
        : known !== undefined && known.version > version
        ? 409
        : source.title === REFUSED_TITLE && this.#refuses(_id)
        ? 400
        : 201;
      if (status === 201) documents.set(_id, { source, sequence: ++this.#sequence, version });
      items.push({ index: { status } });
    }
    return items;
  }
}

function read(document: StoredDocument | undefined): Answer {
  if (document === undefined) return { status: 404, body: { found: false } };
  const { source, sequence } = document;
  return { status: 200, body: { _seq_no: sequence, _primary_term: 1, _source: source } };
}
