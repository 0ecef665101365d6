import { getLogger } from "@logtape/logtape";
import { UsageError } from "../../shared/error.ts";
import { type DatabaseAddress, parseDatabase, secretVariable } from "../../store/address.ts";
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

/**
 * Returns the password or login of a database, `undefined` if there is none. Logs a warning if it
 * would be sent over HTTP without TLS.
 *
 * @throws {UsageError} if `OPENSEARCH_AUTH` has another form than those that are known.
 */
export function databaseSecret(
  address: DatabaseAddress,
  env: (name: string) => string | undefined = Deno.env.get,
): string | undefined {
  const variable = secretVariable(address);
  const secret = variable === undefined ? undefined : env(variable) || undefined;
  if (secret === undefined || address.kind !== "opensearch") return secret;
  // The text is a secret, so the message does not quote it.
  if (!/^(?:ApiKey|Bearer) [\x21-\x7e]+$|^[^:\r\n]+:[^\r\n]*$/.test(secret)) {
    throw new UsageError(
      "Cannot use OPENSEARCH_AUTH: expected user:password, 'ApiKey KEY' or 'Bearer TOKEN'",
    );
  }
  const { protocol, hostname } = new URL(address.url);
  if (protocol === "http:" && !LOOPBACK.test(hostname)) {
    getLogger(["wikitap", "store"]).warn(
      "OpenSearch without TLS: the login is readable on the network",
    );
  }
  return secret;
}

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

const MIB = 1024 * 1024;

/** How Parquet files are made. */
export const parquetOptions = {
  title: "Parquet files",
  options: {
    parquetCompression: option({
      placeholder: "CODEC",
      help: "zstd, or snappy for readers that have no zstd.",
      parse: oneOf("zstd", "snappy"),
      default: PARQUET_DEFAULTS.codec,
    }),
    parquetFileSize: option({
      placeholder: "N",
      help: "Completes the files of a partition when they have N MiB together.",
      parse: integer(1, 1024),
      default: PARQUET_DEFAULTS.fileBytes / MIB,
    }),
    parquetFileInterval: option({
      placeholder: "DURATION",
      help:
        "Completes them when their oldest edit has waited this long; only then are they visible.",
      parse: positiveDuration,
      default: PARQUET_DEFAULTS.fileMs,
      defaultText: "10m",
    }),
  },
} satisfies OptionGroup;

/** The options of the sink that the flags ask for. */
export function parquetSettings(
  options: Values<typeof parquetOptions.options>,
): Omit<ParquetOptions, "now"> {
  return {
    codec: options.parquetCompression,
    fileBytes: options.parquetFileSize * MIB,
    fileMs: options.parquetFileInterval,
  };
}
