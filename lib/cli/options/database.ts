import { parseDatabase } from "../../store/address.ts";
import { PARQUET_DEFAULTS, type ParquetOptions } from "../../store/sinks/parquet/options.ts";
import { option, type OptionGroup, type Values } from "../option.ts";
import { integer, oneOf, positiveDuration } from "../values.ts";

/** The `--database` option of `store` and `report`. */
export const databaseOption = option({
  placeholder: "ADDRESS",
  help: "sqlite:FILE, parquet:DIRECTORY, postgres://USER@HOST[:PORT]/DATABASE, or " +
    "opensearch:https://HOST[:PORT]/INDEX (also for Elasticsearch). For PostgreSQL on another " +
    "machine add ?sslmode=verify-full (or another mode). Logins are read only from PGPASSWORD and " +
    "OPENSEARCH_AUTH (user:password, or 'ApiKey KEY').",
  parse: parseDatabase,
  default: { kind: "sqlite", file: "edits.db" },
  defaultText: "sqlite:edits.db",
});

const MIB = 1024 * 1024;

/** Options for writing Parquet files. */
export const parquetOptions = {
  title: "Parquet files",
  options: {
    parquetCompression: option({
      placeholder: "CODEC",
      help: "zstd, or snappy for readers without zstd.",
      parse: oneOf("zstd", "snappy"),
      default: PARQUET_DEFAULTS.codec,
    }),
    parquetFileSize: option({
      placeholder: "N",
      help: "Complete the files of a partition when they reach N MiB together.",
      parse: integer(1, 1024),
      default: PARQUET_DEFAULTS.fileBytes / MIB,
    }),
    parquetFileInterval: option({
      placeholder: "DURATION",
      help:
        "Complete the files when their oldest edit has waited this long. Only complete files are visible.",
      parse: positiveDuration,
      default: PARQUET_DEFAULTS.fileMs,
      defaultText: "10m",
    }),
  },
} satisfies OptionGroup;

/** Converts the flags to options of the Parquet sink. */
export function parquetSettings(
  options: Values<typeof parquetOptions.options>,
): Omit<ParquetOptions, "now"> {
  return {
    codec: options.parquetCompression,
    fileBytes: options.parquetFileSize * MIB,
    fileMs: options.parquetFileInterval,
  };
}
