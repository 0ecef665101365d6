import type { ParquetCodec } from "./parquet_file.ts";

/** How files of Parquet are made. */
export interface ParquetOptions {
  readonly codec: ParquetCodec;
  /** A partition's files are completed when they have so many bytes. */
  readonly fileBytes: number;
  /** They are completed when their oldest row has waited so long (ms). */
  readonly fileMs: number;
  /** The time in ms. */
  readonly now: () => number;
}

/** What is used if nothing else is asked for. */
export const PARQUET_DEFAULTS: ParquetOptions = {
  codec: "zstd",
  fileBytes: 128 * 1024 * 1024,
  fileMs: 600_000,
  now: () => performance.now(),
};
