/**
 * Returns the hash by which Kafka's own clients choose a partition for a key: murmur2 with Kafka's
 * seed, of the key's UTF-8 bytes, without the sign bit (`org.apache.kafka.common.utils.Utils`).
 */
export function murmur2(key: Uint8Array): number {
  const length = key.length;
  let hash = SEED ^ length;
  const wholeWords = length - length % 4;
  for (let i = 0; i < wholeWords; i += 4) {
    let word = key[i]! | key[i + 1]! << 8 | key[i + 2]! << 16 | key[i + 3]! << 24;
    word = Math.imul(word, M);
    word ^= word >>> R;
    word = Math.imul(word, M);
    hash = Math.imul(hash, M) ^ word;
  }
  const left = length - wholeWords;
  if (left >= 3) hash ^= key[wholeWords + 2]! << 16;
  if (left >= 2) hash ^= key[wholeWords + 1]! << 8;
  if (left >= 1) hash = Math.imul(hash ^ key[wholeWords]!, M);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, M);
  hash ^= hash >>> 15;
  return hash & 0x7fffffff;
}

const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const R = 24;
