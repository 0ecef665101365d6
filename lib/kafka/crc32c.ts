/** CRC-32C (Castagnoli) of `bytes`, as Kafka puts it on every record batch; unsigned. */
export function crc32c(bytes: Uint8Array): number {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]!) & 0xff]! ^ crc >>> 8;
  return ~crc >>> 0;
}

/** The polynomial, its bits in reverse order. */
const POLYNOMIAL = 0x82f63b78;

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ POLYNOMIAL : crc >>> 1;
  return crc;
});
