import type { DatabaseAddress } from "../address.ts";
import type { Sink } from "../sink.ts";
import { openOpenSearchSink } from "./opensearch/opensearch_sink.ts";
import type { ParquetOptions } from "./parquet/options.ts";
import { openParquetSink } from "./parquet/parquet_sink.ts";
import { openPostgresSink } from "./postgres.ts";
import { openSqliteSink } from "./sqlite.ts";

/**
 * Opens the database at `address` for writing. Its tables are created or updated.
 *
 * @param secret The value of its {@linkcode secretVariable}.
 * @param parquet How to write Parquet files, if the address is a directory of them.
 * @throws {UserError} for a database that cannot be reached or used.
 */
export function openSink(
  address: DatabaseAddress,
  secret: string | undefined,
  parquet: Partial<ParquetOptions> = {},
): Promise<Sink> {
  switch (address.kind) {
    case "sqlite":
      return openSqliteSink(address);
    case "postgres":
      return openPostgresSink(address, secret);
    case "parquet":
      return openParquetSink(address, parquet);
    case "opensearch":
      return openOpenSearchSink(address, secret);
  }
}
