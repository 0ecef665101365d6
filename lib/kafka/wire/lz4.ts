// LZ4 frames (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md), as Kafka uses them.

const FRAME = 0x184d2204;

/** Bits of the first byte of the frame's descriptor. */
const VERSION_MASK = 0b1100_0000;
const VERSION_1 = 0b0100_0000;
const BLOCK_CHECKSUM = 0b1_0000;
const CONTENT_SIZE = 0b1000;
const CONTENT_CHECKSUM = 0b100;
const DICTIONARY = 0b1;

/** The maximum unpacked size of a block in bytes, by its number in the second byte. */
const BLOCK_SIZES: Readonly<Record<number, number>> = {
  4: 65_536,
  5: 262_144,
  6: 1_048_576,
  7: 4_194_304,
};

/** The flag in a block's length for a block that is not compressed. */
const PLAIN = 0x8000_0000;

/** The maximum ratio of a block's unpacked size to its packed size. */
const MAX_RATIO = 255;

/** A block of a frame. */
interface Block {
  readonly at: number;
  readonly end: number;
  readonly isPlain: boolean;
}

/**
 * Unpacks one frame with independent or linked blocks of any size. Checksums are not checked, since
 * Kafka's own covers the whole batch.
 *
 * @param maxBytes The maximum unpacked size. No more is allocated.
 * @throws {RangeError} for a larger size.
 * @throws {Error} for anything that is not a frame, and for a frame that needs a dictionary.
 */
export function unpackLz4(packed: Uint8Array, maxBytes: number): Uint8Array {
  const { blocks, blockSize } = readFrame(packed);
  let bound = 0;
  for (const { at, end, isPlain } of blocks) {
    bound += isPlain ? end - at : Math.min(blockSize, (end - at) * MAX_RATIO);
  }
  const unpacked = new Uint8Array(Math.min(bound, maxBytes));
  let size = 0;
  for (const { at, end, isPlain } of blocks) {
    const most = Math.min(size + blockSize, unpacked.length);
    if (!isPlain) size = unpackBlock(packed, at, end, unpacked, size, most);
    else if (end - at > most - size) size = TOO_LARGE;
    else {
      unpacked.set(packed.subarray(at, end), size);
      size += end - at;
    }
    if (size !== TOO_LARGE) continue;
    if (most === maxBytes) throw new RangeError(`more than ${maxBytes} bytes`);
    throw new Error("a block is corrupt");
  }
  return unpacked.subarray(0, size);
}

function readFrame(packed: Uint8Array): { blocks: Block[]; blockSize: number } {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  if (packed.length < 11 || view.getUint32(0, true) !== FRAME) throw new Error("it is not a frame");
  const flags = packed[4]!;
  const blockSize = BLOCK_SIZES[packed[5]! >>> 4 & 7];
  if ((flags & VERSION_MASK) !== VERSION_1 || blockSize === undefined) {
    throw new Error(`flags ${flags} and ${packed[5]} are not known`);
  }
  if (flags & DICTIONARY) throw new Error("it needs a dictionary");
  const blocks: Block[] = [];
  for (let at = flags & CONTENT_SIZE ? 15 : 7;;) {
    if (at + 4 > packed.length) throw new Error("it is cut short");
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) {
      const end = at + (flags & CONTENT_CHECKSUM ? 4 : 0);
      if (end !== packed.length) {
        throw new Error(`${packed.length} bytes, and its end is at ${end}`);
      }
      return { blocks, blockSize };
    }
    const end = at + word % PLAIN;
    if (end > packed.length) throw new Error("a block is cut short");
    blocks.push({ at, end, isPlain: word >= PLAIN });
    at = end + (flags & BLOCK_CHECKSUM ? 4 : 0);
  }
}

const TOO_LARGE = -1;

/**
 * Unpacks a block into `out`, from `size` on. Matches may refer to earlier blocks. Returns the new
 * size, or {@linkcode TOO_LARGE} if it would exceed `most`.
 */
function unpackBlock(
  packed: Uint8Array,
  at: number,
  end: number,
  out: Uint8Array,
  size: number,
  most: number,
): number {
  while (at < end) {
    const token = packed[at++]!;
    let literals = token >>> 4;
    if (literals === 15) {
      for (let byte = 255; byte === 255; literals += byte) {
        if (at >= end) throw new Error("a block is corrupt");
        byte = packed[at++]!;
      }
    }
    if (literals > end - at) throw new Error("a block is corrupt");
    if (literals > most - size) return TOO_LARGE;
    if (literals > 32) {
      out.set(packed.subarray(at, at + literals), size);
      at += literals;
      size += literals;
    } else for (const stop = at + literals; at < stop;) out[size++] = packed[at++]!;
    if (at === end) return size;
    if (at + 2 > end) throw new Error("a block is corrupt");
    const distance = packed[at]! | packed[at + 1]! << 8;
    at += 2;
    if (distance === 0 || distance > size) throw new Error("a block is corrupt");
    let length = token & 15;
    if (length === 15) {
      for (let byte = 255; byte === 255; length += byte) {
        if (at >= end) throw new Error("a block is corrupt");
        byte = packed[at++]!;
      }
    }
    length += MIN_MATCH;
    if (length > most - size) return TOO_LARGE;
    if (length > 32 && distance >= length) {
      out.copyWithin(size, size - distance, size - distance + length);
      size += length;
    } else for (const stop = size + length; size < stop; size++) out[size] = out[size - distance]!;
  }
  return size;
}

/**
 * Independent blocks without checksums, as the Java client writes them. The last byte is a
 * checksum.
 */
const HEADER = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73];
const BLOCK = 4_194_304;

const MIN_MATCH = 4;
/** The format demands literals in a block's last bytes, and no match that begins in the last 12. */
const LAST_LITERALS = 5;
const MATCH_LIMIT = 12;
const MAX_DISTANCE = 65_535;
const HASH_BITS = 14;

/** Packs bytes as one frame of independent blocks of 4 MiB. */
export function packLz4(bytes: Uint8Array): Uint8Array {
  const blocks = Math.ceil(bytes.length / BLOCK);
  const out = new Uint8Array(bytes.length + blocks * Math.ceil(BLOCK / 255 + 20) + 11);
  const view = new DataView(out.buffer);
  out.set(HEADER);
  let size = HEADER.length;
  const table = new Int32Array(1 << HASH_BITS);
  for (let at = 0; at < bytes.length; at += BLOCK) {
    const block = bytes.subarray(at, at + BLOCK);
    const end = packBlock(block, out, size + 4, table.fill(-1));
    const length = end - size - 4;
    if (length < block.length) {
      view.setUint32(size, length, true);
      size = end;
    } else {
      view.setUint32(size, block.length + PLAIN, true);
      out.set(block, size + 4);
      size += 4 + block.length;
    }
  }
  view.setUint32(size, 0);
  return out.subarray(0, size + 4);
}

/** Packs a block into `out` from `size` on, with the first match that a hash table finds. */
function packBlock(block: Uint8Array, out: Uint8Array, size: number, table: Int32Array): number {
  let from = 0;
  const lastMatch = block.length - MATCH_LIMIT;
  for (let at = 0; at <= lastMatch;) {
    const word = wordAt(block, at);
    const slot = Math.imul(word, 0x9e3779b1) >>> 32 - HASH_BITS;
    const match = table[slot]!;
    table[slot] = at;
    if (match < 0 || at - match > MAX_DISTANCE || wordAt(block, match) !== word) {
      at += 1 + (at - from >>> 6); // Larger steps over bytes that do not repeat.
      continue;
    }
    let end = at + MIN_MATCH;
    const stop = block.length - LAST_LITERALS;
    while (end < stop && block[end] === block[end - at + match]) end++;
    size = writeSequence(block, from, at, end - at - MIN_MATCH, at - match, out, size);
    from = at = end;
  }
  return writeSequence(block, from, block.length, 0, 0, out, size);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24;
}

/** Writes literals and the match after them; `distance` is 0 at the end of a block. */
function writeSequence(
  block: Uint8Array,
  from: number,
  to: number,
  matchLength: number,
  distance: number,
  out: Uint8Array,
  size: number,
): number {
  const literals = to - from;
  out[size++] = Math.min(literals, 15) << 4 | Math.min(matchLength, 15);
  size = writeLength(literals, out, size);
  out.set(block.subarray(from, to), size);
  size += literals;
  if (distance === 0) return size;
  out[size++] = distance & 0xff;
  out[size++] = distance >>> 8;
  return writeLength(matchLength, out, size);
}

/** Writes the part of a length that does not fit in the four bits of the token. */
function writeLength(length: number, out: Uint8Array, size: number): number {
  if (length < 15) return size;
  let left = length - 15;
  for (; left >= 255; left -= 255) out[size++] = 255;
  out[size++] = left;
  return size;
}
