import { snappyCompressor, snappyUncompressor } from "hysnappy";

/** The start of the Java client's format: snappy blocks, each after its length (xerial). */
const XERIAL = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00];
const XERIAL_HEADER = 16;

/** The maximum ratio of sizes: a copy of 3 bytes yields 64, which no valid block exceeds. */
const MAX_RATIO = 22;

/** The size in bytes after which a new instance is made: WebAssembly memory never shrinks. */
const MAX_KEPT = 16 * 1024 * 1024;

let compress: ReturnType<typeof snappyCompressor> | undefined;
let uncompress: ReturnType<typeof snappyUncompressor> | undefined;

/** Compresses bytes as one plain snappy block, which all Kafka clients can read. */
export function packSnappy(bytes: Uint8Array): Uint8Array {
  compress ??= snappyCompressor();
  const packed = compress(bytes);
  if (bytes.length > MAX_KEPT) compress = undefined;
  return packed;
}

/**
 * Unpacks a plain block (librdkafka, franz-go) or blocks in the xerial format (Java).
 *
 * @param maxBytes The maximum unpacked size. No more is allocated.
 * @throws {RangeError} for a larger size.
 * @throws {Error} for anything that is not snappy.
 */
export function unpackSnappy(packed: Uint8Array, maxBytes: number): Uint8Array {
  const blocks = XERIAL.every((byte, i) => packed[i] === byte) ? xerialBlocks(packed) : [packed];
  const sizes = blocks.map(sizeOf);
  const size = sizes.reduce((sum, size) => sum + size, 0);
  if (size > maxBytes) throw new RangeError(`${size} bytes`);
  if (blocks.length === 1) return unpackBlock(blocks[0]!, size);
  const unpacked = new Uint8Array(size);
  let at = 0;
  for (const [i, block] of blocks.entries()) {
    unpacked.set(unpackBlock(block, sizes[i]!), at);
    at += sizes[i]!;
  }
  return unpacked;
}

function unpackBlock(block: Uint8Array, size: number): Uint8Array {
  if (size === 0) return new Uint8Array();
  uncompress ??= snappyUncompressor();
  try {
    return uncompress(block, size);
  } finally {
    if (size > MAX_KEPT) uncompress = undefined;
  }
}

function xerialBlocks(packed: Uint8Array): Uint8Array[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  const blocks: Uint8Array[] = [];
  for (let at = XERIAL_HEADER; at < packed.length;) {
    const length = view.getUint32(at);
    at += 4;
    if (length > packed.length - at) throw new Error("a block is cut short");
    blocks.push(packed.subarray(at, at + length));
    at += length;
  }
  return blocks;
}

/** Returns the unpacked size in bytes that a block declares: a varint at its start. */
function sizeOf(block: Uint8Array): number {
  let size = 0;
  for (let i = 0; i < 5 && i < block.length; i++) {
    size += (block[i]! & 0x7f) * 2 ** (7 * i);
    if (block[i]! >= 0x80) continue;
    if (size > block.length * MAX_RATIO) throw new Error(`${size} bytes cannot be in a block`);
    return size;
  }
  throw new Error("its size is missing");
}
