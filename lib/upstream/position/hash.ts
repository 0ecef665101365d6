/**
 * Hashes a text to 64 bits: two halves of 32 bits, mixed as in MurmurHash3. It must never change,
 * since saved positions contain it.
 *
 * @param seed Selects another function of the family.
 * @param halves Receives both halves.
 */
export function hash64(text: string, seed: number, halves: Uint32Array): void {
  let high = 0xdeadbeef ^ seed;
  let low = 0x41c6ce57 ^ seed;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 0x9e3779b1);
    low = Math.imul(low ^ unit, 0x5f356495);
  }
  high = mixed(high) ^ mixed(low ^ 0x2f0b4c47);
  halves[0] = high;
  halves[1] = mixed(low) ^ mixed(high);
}

function mixed(bits: number): number {
  let h = bits ^ (bits >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
