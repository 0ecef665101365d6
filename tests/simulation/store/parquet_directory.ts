import { parquetMetadata } from "hyparquet";
import { openParquetSink } from "../../../lib/store/sinks/parquet/parquet_sink.ts";
import type { Sink } from "../../../lib/store/sink.ts";
import type { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";
import type { Store, StoredRows } from "./database.ts";
import { Disk } from "./disk.ts";
import { isEdit, type Topic } from "./topic.ts";

const DIRECTORY = "/edits";
const LOG_ENTRY = new RegExp(`^${DIRECTORY}/_wikitap/\\d+/(\\d+)/(\\d+)\\.json$`);

/** An entry of the log, as the program writes it. */
interface Entry {
  readonly next: string;
  readonly files: readonly { readonly temporary: string; readonly path: string }[];
}

/** A directory of Parquet files on a simulated disk; the sink is the program's own. */
export class ParquetDirectory implements Store {
  readonly positions = new Map<number, { readonly next: bigint; readonly number: number }>();
  onWrite: (rows: StoredRows) => void = () => {};
  readonly #topic: Topic;
  readonly #disk: Disk;
  /** How long rows may wait for the end of their file, in ms. */
  readonly #fileMs: number;

  constructor(world: World, random: Random, topic: Topic) {
    this.#topic = topic;
    this.#fileMs = random.magnitude(100, 30_000);
    this.#disk = new Disk(world, random, (path, text) => this.#linked(path, text));
  }

  open(): Promise<Sink> {
    const address = { kind: "parquet", directory: DIRECTORY } as const;
    return openParquetSink(address, { codec: "snappy", fileMs: this.#fileMs });
  }

  /** The offsets of the rows in files that have their final names. */
  stored(partition: number): bigint[] {
    return this.#disk.matching(FINAL).flatMap(([path, bytes]) =>
      this.#offsetsIn(bytes, partition, !path.includes("/_bad_records/"))
    );
  }

  /** An entry of a log counts if it is the newest. */
  #linked(path: string, text: string): void {
    const [, partitionText, numberText] = LOG_ENTRY.exec(path) ?? [];
    if (partitionText === undefined) return;
    const [partition, number] = [Number(partitionText), Number(numberText)];
    const before = this.positions.get(partition);
    if (before !== undefined && number <= before.number) return;
    const { next, files } = JSON.parse(text) as Entry;
    const to = BigInt(next);
    this.positions.set(partition, { next: to, number });
    const folder = path.slice(0, path.lastIndexOf("/"));
    const offsets = files.flatMap(({ temporary, path }) => {
      const bytes = this.#disk.files.get(`${folder}/${temporary}`)?.bytes;
      return this.#offsetsIn(bytes, partition, !path.startsWith("_bad_records/"));
    });
    this.onWrite({ partition, from: before?.next ?? to, to, offsets });
  }

  /** The offsets of the rows in a file of a partition, by its metadata; -1 for a row too many. */
  #offsetsIn(bytes: Uint8Array | undefined, partition: number, hasEdits: boolean): bigint[] {
    if (bytes === undefined) return [];
    const { key_value_metadata: pairs = [], num_rows: rows } = parquetMetadata(
      bytes.slice().buffer,
    );
    const facts = new Map(pairs.map(({ key, value }) => [key, value]));
    if (facts.get("wikitap.partition") !== String(partition)) return [];
    const [first, last] = ["first", "last"].map((end) =>
      Number(facts.get(`wikitap.${end}_offset`))
    );
    const offsets = this.#topic.partitions[partition]!.between(first!, last! + 1)
      .map(({ offset }) => offset).filter((offset) => isEdit(offset) === hasEdits);
    return Array.from({ length: Number(rows) }, (_, i) => BigInt(offsets[i] ?? -1));
  }
}

const FINAL = new RegExp(`^${DIRECTORY}/(date=[\\d-]+|_bad_records)/[^/]+\\.parquet$`);
