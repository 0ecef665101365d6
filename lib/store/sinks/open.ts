import type { DatabaseAddress } from "../address.ts";
import type { Sink } from "../sink.ts";
import type { ParquetOptions } from "./parquet/options.ts";
import { openParquetSink } from "./parquet/parquet_sink.ts";
import { openPostgresSink } from "./postgres.ts";
import { openSqliteSink } from "./sqlite.ts";

/**
 * Opens the database at `address` for writing; its tables are made, or brought up to date.
 *
 * @param parquet How Parquet files are made, if the address is a directory of them.
 * @throws {UserError} for one that cannot be reached or used.
 */
export function openSink(
  address: DatabaseAddress,
  password: string | undefined,
  parquet: Partial<ParquetOptions> = {},
): Promise<Sink> {
  switch (address.kind) {
    case "sqlite":
      return openSqliteSink(address);
    case "postgres":
      return openPostgresSink(address, password);
    case "parquet":
      return openParquetSink(address, parquet);
  }
}
