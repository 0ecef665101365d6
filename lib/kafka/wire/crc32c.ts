/**
 * CRC-32C (Castagnoli) of `bytes`, as Kafka puts it on every record batch; unsigned. It takes four
 * bytes at a time, by a table for each ("slicing by four"), which halves the time.
 */
export function crc32c(bytes: Uint8Array): number {
  let crc = -1;
  let i = 0;
  for (; i + 4 <= bytes.length; i += 4) {
    crc ^= bytes[i]! | bytes[i + 1]! << 8 | bytes[i + 2]! << 16 | bytes[i + 3]! << 24;
    crc = FOURTH[crc & 0xff]! ^ THIRD[crc >>> 8 & 0xff]! ^ SECOND[crc >>> 16 & 0xff]! ^
      FIRST[crc >>> 24]!;
  }
  for (; i < bytes.length; i++) crc = FIRST[(crc ^ bytes[i]!) & 0xff]! ^ crc >>> 8;
  return ~crc >>> 0;
}

/** The polynomial, its bits in reverse order. */
const POLYNOMIAL = 0x82f63b78;

/** What each byte makes of an empty remainder. */
const FIRST = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ POLYNOMIAL : crc >>> 1;
  return crc;
});
/** The same with one, two and three bytes of zeros behind it. */
const SECOND = behindZero(FIRST);
const THIRD = behindZero(SECOND);
const FOURTH = behindZero(THIRD);

function behindZero(table: Int32Array): Int32Array {
  return table.map((crc) => FIRST[crc & 0xff]! ^ crc >>> 8);
}
