import type { ParquetCodec } from "./parquet_file.ts";

/** How to write Parquet files. */
export interface ParquetOptions {
  /** The compression of columns. */
  readonly codec: ParquetCodec;
  /** The size at which a partition's files are completed, in bytes. */
  readonly fileBytes: number;
  /** How long the oldest row may wait before they are completed, in ms. */
  readonly fileMs: number;
  /** Returns the time in ms. */
  readonly now: () => number;
}

/** The default options: zstd, 128 MiB, 10 min. */
export const PARQUET_DEFAULTS: ParquetOptions = {
  codec: "zstd",
  fileBytes: 128 * 1024 * 1024,
  fileMs: 600_000,
  now: () => performance.now(),
};
