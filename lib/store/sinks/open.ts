import type { DatabaseAddress } from "../address.ts";
import { openPostgresSink } from "./postgres.ts";
import type { Sink } from "../sink.ts";
import { openSqliteSink } from "./sqlite.ts";

/**
 * Opens the database at `address` for writing; its tables are made, or brought up to date.
 *
 * @throws {UserError} for one that cannot be reached or used.
 */
export function openSink(
  address: DatabaseAddress,
  password: string | undefined,
): Promise<Sink> {
  return address.kind === "sqlite" ? openSqliteSink(address) : openPostgresSink(address, password);
}
