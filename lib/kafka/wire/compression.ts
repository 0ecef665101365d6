import { promisify } from "node:util";
import { gunzipSync, gzip, zstdCompress, zstdDecompressSync } from "node:zlib";
import { packLz4, unpackLz4 } from "./lz4.ts";
import { packSnappy, unpackSnappy } from "./snappy.ts";
import { UnreadableRecords } from "./unreadable_records.ts";

/**
 * What the compressed records of one batch may unpack to, in bytes. Kafka bounds what is compressed
 * (1 MiB by default), which may become thirty thousand times as much.
 */
export const MAX_UNPACKED = 256 * 1024 * 1024;

/** A way to compress the records of a batch. */
interface Codec {
  readonly name: string;
  /** Packs records; where that can be done beside the program's thread, it is. */
  readonly pack: (records: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  /** Throws for more than `maxBytes`. */
  readonly unpack: (packed: Uint8Array, maxBytes: number) => Uint8Array;
}

/** By number in a batch's attributes (Kafka's `CompressionType`). */
const CODECS: Readonly<Record<number, Codec>> = {
  1: {
    name: "gzip",
    pack: promisify(gzip),
    unpack: (packed, maxOutputLength) => gunzipSync(packed, { maxOutputLength }),
  },
  2: { name: "snappy", pack: packSnappy, unpack: unpackSnappy },
  3: { name: "lz4", pack: packLz4, unpack: unpackLz4 },
  4: {
    name: "zstd",
    pack: promisify(zstdCompress),
    unpack: (packed, maxOutputLength) => zstdDecompressSync(packed, { maxOutputLength }),
  },
};

/** Compresses records with the codec of this number, 1 to 4. */
export async function compress(codec: number, records: Uint8Array): Promise<Uint8Array> {
  return await codecOf(codec).pack(records);
}

/**
 * Unpacks records that were compressed with the codec of this number.
 *
 * @param maxBytes What they may unpack to. Default {@linkcode MAX_UNPACKED}.
 * @throws {UnreadableRecords} for more than that, and for what was not compressed so.
 */
export function decompress(
  codec: number,
  packed: Uint8Array,
  maxBytes: number = MAX_UNPACKED,
): Uint8Array {
  const { name, unpack } = codecOf(codec);
  try {
    return unpack(packed, maxBytes);
  } catch (error) {
    const { message } = error as Error;
    throw new UnreadableRecords(
      isTooLarge(error)
        ? `records compressed with ${name} unpack to more than ${maxBytes / 1024 / 1024} MiB`
        : `records compressed with ${name} cannot be unpacked (${message})`,
    );
  }
}

function codecOf(codec: number): Codec {
  const found = CODECS[codec];
  if (found === undefined) throw new UnreadableRecords(`codec ${codec} is not known`);
  return found;
}

/** The codecs throw a RangeError, and zlib one with this code. */
function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError ||
    (error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE";
}
