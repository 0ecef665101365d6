import type { KeyValue, SchemaElement } from "hyparquet";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { zstdCompressSync } from "node:zlib";
import { VERSION } from "../../../shared/version.ts";
import { append, syncFile } from "./disk.ts";

/** The compression of columns. */
export type ParquetCodec = "zstd" | "snappy";

/** A column, and how to get its value from a row. */
export interface Column<Row> {
  /** The name and type in Parquet's schema. */
  readonly element: SchemaElement;
  /** Returns the value of a row. */
  readonly valueOf: (row: Row) => unknown;
}

/**
 * The maximum rows of a row group, and its maximum bytes of text (UTF-16). A group is encoded
 * without interruption, in at most 100 ms on a machine of 2020. No heartbeat is sent meanwhile.
 */
const MAX_GROUP_ROWS = 2000;
const MAX_GROUP_BYTES = 4 * 1024 * 1024;

/** The approximate size of a row besides its texts, in bytes. */
const ROW_BYTES = 100;

/**
 * A Parquet file that is written one row group after another, so that memory holds one row group.
 * It can be read after {@linkcode finish} has returned.
 */
export class ParquetFile<Row> {
  /** The size of the rows in memory, by their texts, in bytes. */
  pendingBytes = 0;
  /** The path of the file. */
  readonly path: string;
  readonly #columns: readonly Column<Row>[];
  readonly #bytes = new DrainedWriter();
  readonly #writer: ParquetWriter;
  #rows: Row[] = [];

  /**
   * Creates a file.
   *
   * @param path Must not exist.
   */
  static async create<Row>(
    path: string,
    columns: readonly Column<Row>[],
    codec: ParquetCodec,
  ): Promise<ParquetFile<Row>> {
    using _file = await Deno.open(path, { write: true, createNew: true });
    return new ParquetFile(path, columns, codec);
  }

  private constructor(path: string, columns: readonly Column<Row>[], codec: ParquetCodec) {
    this.path = path;
    this.#columns = columns;
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      schema: [
        { name: "root", num_children: columns.length },
        ...columns.map(({ element }) => element),
      ],
      codec: codec === "zstd" ? "ZSTD" : "SNAPPY",
      compressors: { ZSTD: (bytes) => zstdCompressSync(bytes) },
      // parquet-mr reads no statistics of a writer whose name it cannot parse.
      createdBy: `wikitap version ${VERSION}`,
    });
  }

  /** The size of the file without the rows in memory, in bytes. */
  get size(): number {
    return this.#bytes.offset;
  }

  /** Adds a row, and writes a row group if it is large enough. */
  async add(row: Row, textLength: number): Promise<void> {
    this.#rows.push(row);
    this.pendingBytes += 2 * textLength + ROW_BYTES;
    if (this.#rows.length >= MAX_GROUP_ROWS || this.pendingBytes >= MAX_GROUP_BYTES) {
      await this.writeGroup();
    }
  }

  /** Writes the rows in memory as a row group. */
  async writeGroup(): Promise<void> {
    if (this.#rows.length === 0) return;
    const rows = this.#rows;
    this.#rows = [];
    this.pendingBytes = 0;
    this.#writer.write({
      columnData: this.#columns.map(({ element, valueOf }) => ({
        name: element.name,
        data: rows.map(valueOf),
      })),
      rowGroupSize: rows.length,
    });
    await append(this.path, this.#bytes.take());
  }

  /** Completes the file, and writes it to the disk. */
  async finish(metadata: Readonly<Record<string, string>>): Promise<void> {
    await this.writeGroup();
    this.#writer.kvMetadata = Object.entries(metadata).map(([key, value]): KeyValue => ({
      key,
      value,
    }));
    this.#writer.finish();
    await append(this.path, this.#bytes.take());
    await syncFile(this.path);
  }
}

/** A writer in memory whose bytes are removed repeatedly. */
class DrainedWriter extends ByteWriter {
  /** Returns the bytes since the last call, and frees their memory. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.buffer, 0, this.index);
    this.buffer = new ArrayBuffer(1024);
    this.view = new DataView(this.buffer);
    this.index = 0;
    return bytes;
  }
}
