import { promisify } from "node:util";
import { gzip, unzip, zstdCompress, zstdDecompress } from "node:zlib";

/**
 * What the compressed records of one batch may unpack to, in bytes. Kafka bounds what is compressed
 * (1 MiB by default), which may become thirty thousand times as much.
 */
export const MOST_UNPACKED = 256 * 1024 * 1024;

/** A way to compress records, as kafkajs takes it. */
export interface Codec {
  compress(encoder: { readonly buffer: Uint8Array }): Promise<Uint8Array>;
  /** @throws {UnreadableRecords} for more than the codec unpacks, and what was not compressed so. */
  decompress(buffer: Uint8Array): Promise<Uint8Array>;
}

/** Records that cannot be unpacked. The same would come again, so kafkajs is told to give up. */
export class UnreadableRecords extends Error {
  override readonly name = "UnreadableRecords";
  readonly retriable = false;
}

/** @param most What a batch may unpack to, in bytes. */
export function zstdCodec(most: number = MOST_UNPACKED): Codec {
  return codec("zstd", promisify(zstdCompress), promisify(zstdDecompress), most);
}

/** @param most What a batch may unpack to, in bytes. */
export function gzipCodec(most: number = MOST_UNPACKED): Codec {
  return codec("gzip", promisify(gzip), promisify(unzip), most);
}

function codec(
  name: string,
  pack: (buffer: Uint8Array) => Promise<Uint8Array>,
  unpack: (buffer: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>,
  most: number,
): Codec {
  return {
    compress: ({ buffer }) => pack(buffer),
    async decompress(buffer) {
      try {
        return await unpack(buffer, { maxOutputLength: most });
      } catch (error) {
        const { code, message } = error as Error & { code?: string };
        // Without a cause: kafkajs would tell that instead.
        throw new UnreadableRecords(
          code === "ERR_BUFFER_TOO_LARGE"
            ? `records compressed with ${name} unpack to more than ${most / 1024 / 1024} MiB`
            : `records compressed with ${name} cannot be unpacked (${message})`,
        );
      }
    },
  };
}
