import { type AsyncBuffer, parquetMetadata, parquetReadObjects } from "hyparquet";
import { DatabaseSync } from "node:sqlite";
import { zstdDecompressSync } from "node:zlib";
import { createTables, insertRow } from "./tables.ts";

/** A row of a Parquet file, as returned by the reader in JavaScript. */
export type ParquetRow = Record<string, unknown>;

/** Returns the files of edits, or of bad records, below a directory, in order. */
export async function parquetFiles(directory: string, kind: "edits" | "bad" = "edits") {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(directory)) {
    if (kind === "edits" ? !name.startsWith("date=") : name !== "_bad_records") continue;
    for await (const file of Deno.readDir(`${directory}/${name}`)) {
      files.push(`${directory}/${name}/${file.name}`);
    }
  }
  return files.sort();
}

/** Returns all rows of a file. */
export async function readParquet(path: string): Promise<ParquetRow[]> {
  const { buffer } = await Deno.readFile(path);
  const compressors = { ZSTD: (bytes: Uint8Array) => new Uint8Array(zstdDecompressSync(bytes)) };
  return await parquetReadObjects({ file: asFile(buffer), compressors, utf8: false });
}

/** Returns the metadata of a file. */
export async function metadataOf(path: string) {
  const { buffer } = await Deno.readFile(path);
  return parquetMetadata(buffer);
}

function asFile(buffer: ArrayBuffer): AsyncBuffer {
  return {
    byteLength: buffer.byteLength,
    slice: (start, end) => Promise.resolve(buffer.slice(start, end)),
  };
}

/** Returns the directory as tables in memory, like those of the databases. */
export async function loadParquet(directory: string): Promise<DatabaseSync> {
  const database = new DatabaseSync(":memory:");
  createTables(database);
  const { version } = JSON.parse(
    await Deno.readTextFile(`${directory}/_wikitap/database.json`),
  );
  database.prepare("INSERT INTO wikitap VALUES (?)").run(version);
  for (const [table, kind] of [["edits", "edits"], ["bad_records", "bad"]] as const) {
    for (const path of await parquetFiles(directory, kind)) {
      for (const row of await readParquet(path)) {
        const { time, ...others } = row;
        insertRow(database, table, { ...others, time_ms: time });
      }
    }
  }
  return database;
}
