import { promisify } from "node:util";
import { gunzipSync, gzip, zstdCompress, zstdDecompressSync } from "node:zlib";
import { packLz4, unpackLz4 } from "./lz4.ts";
import { packSnappy, unpackSnappy } from "./snappy.ts";
import { UnreadableRecords } from "./unreadable_records.ts";

/**
 * The maximum size of the unpacked records of one batch, in bytes. Kafka bounds only the compressed
 * size (1 MiB by default), which can grow by a factor of thirty thousand.
 */
export const MAX_UNPACKED = 256 * 1024 * 1024;

/** A way to compress the records of a batch. */
interface Codec {
  readonly name: string;
  /** Packs records, in another thread if the codec allows it. */
  readonly pack: (records: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  /** Unpacks records. Throws for more than `maxBytes`. */
  readonly unpack: (packed: Uint8Array, maxBytes: number) => Uint8Array;
}

/** Codecs by their number in a batch's attributes (Kafka's `CompressionType`). */
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

/** Compresses records with a codec by its number, 1 to 4. */
export async function compress(codec: number, records: Uint8Array): Promise<Uint8Array> {
  return await codecOf(codec).pack(records);
}

/**
 * Unpacks records that were compressed with a codec, by its number.
 *
 * @param maxBytes The maximum unpacked size. Default: {@linkcode MAX_UNPACKED}.
 * @throws {UnreadableRecords} for a larger size, an unknown codec and corrupt input.
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

/** Returns whether an error means "too large": codecs throw a RangeError, zlib uses this code. */
function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError ||
    (error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE";
}
